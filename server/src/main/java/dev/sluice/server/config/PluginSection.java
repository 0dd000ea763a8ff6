package dev.sluice.server.config;

import dev.sluice.flowcontrol.reading.Checks;
import java.util.Map;

/**
 * {@code plugins[]}: a plugin with parameters, under a name that references use.
 *
 * @param name the name for references; empty means the type
 * @param type the type of the plugin
 * @param parameters the parameters of that type
 */
public record PluginSection(String name, String type, Map<String, Object> parameters) {

  /** The defaults; the file has to give the type. */
  public static final PluginSection DEFAULT = new PluginSection("", "type", Map.of());

  /** Copies; rejects a blank type. */
  public PluginSection {
    parameters = Map.copyOf(parameters);
    new Checks().that(!type.isBlank(), "type", "\"" + type + "\"", "a plugin type").done();
    name = name.isBlank() ? type : name;
  }
}
