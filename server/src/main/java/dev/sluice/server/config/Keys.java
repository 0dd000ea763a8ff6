package dev.sluice.server.config;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** Reads the keys and items of YAML nodes of any kind. */
final class Keys {
  private Keys() {}

  /** A mapping's values by key; empty for anything else. */
  static Map<String, Node> of(Node node) {
    var values = new HashMap<String, Node>();
    if (node instanceof MappingNode mapping) {
      for (var entry : mapping.getValue()) {
        if (entry.getKeyNode() instanceof ScalarNode key) {
          values.put(key.getValue(), entry.getValueNode());
        }
      }
    }
    return values;
  }

  /** A list's items; empty for anything else. */
  static List<Node> items(@Nullable Node node) {
    return node instanceof SequenceNode sequence ? sequence.getValue() : List.of();
  }
}
