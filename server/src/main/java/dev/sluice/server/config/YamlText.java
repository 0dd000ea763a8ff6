package dev.sluice.server.config;

import java.io.StringReader;
import java.util.List;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/** Parses YAML into nodes that know their line and column. */
final class YamlText {
  private YamlText() {}

  /**
   * The root node of a text.
   *
   * @param name the name of the file in messages
   */
  static Node compose(String yaml, String name) throws InvalidConfigException {
    try {
      var settings = LoadSettings.builder().setLabel(name).setAllowDuplicateKeys(true).build();
      var node = new Compose(settings).composeReader(new StringReader(yaml));
      return node.orElseThrow(() ->
          new InvalidConfigException(
              List.of(name + ": is empty; it has to name pool.endpoints at least")));
    } catch (MarkedYamlEngineException e) {
      var place = FaultReport.place(e.getProblemMark());
      throw new InvalidConfigException(
          List.of(name + place + ": is not valid YAML: " + e.getProblem()));
    } catch (YamlEngineException e) {
      throw new InvalidConfigException(List.of(name + ": is not valid YAML: " + e.getMessage()));
    }
  }
}
