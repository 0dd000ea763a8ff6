package dev.sluice.simulation.workload;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * A YAML mapping of known keys, whose every fault names file, line, column and path. Unknown keys
 * are refused at once, with the nearest known one. Not thread-safe.
 */
final class YamlMap {
  private static final Pattern DURATION = Pattern.compile("(\\d{1,9}(?:\\.\\d{1,9})?)(ms|s|m|h)");

  private final String file;
  private final String path;
  private final Node node;
  private final Map<String, Node> values = new LinkedHashMap<>();

  YamlMap(String file, String path, Node node, List<String> known) throws InvalidWorkloadException {
    this.file = file;
    this.path = path;
    this.node = node;
    if (!(node instanceof MappingNode mapping)) {
      throw fault(node, path, "got " + show(node) + ", allowed a mapping of " + list(known));
    }
    for (var entry : mapping.getValue()) {
      var key = entry.getKeyNode() instanceof ScalarNode name ? name.getValue() : "a mapping";
      if (!known.contains(key)) {
        var hint = Spelling.nearest(key, known).map(n -> "did you mean " + n + "? ").orElse("");
        throw fault(
            entry.getKeyNode(), join(key), "unknown key; " + hint + "allowed: " + list(known));
      }
      if (values.put(key, entry.getValueNode()) != null) {
        throw fault(entry.getKeyNode(), join(key), "stands twice");
      }
    }
  }

  boolean has(String key) {
    return values.containsKey(key);
  }

  /** The only key there is. */
  String only() throws InvalidWorkloadException {
    if (values.size() != 1) {
      throw fault(node, path, "got " + values.size() + " keys, allowed one");
    }
    return values.keySet().iterator().next();
  }

  String text(String key) throws InvalidWorkloadException {
    var value = required(key);
    if (value instanceof ScalarNode scalar && !scalar.getValue().isBlank()) {
      return scalar.getValue();
    }
    throw fault(value, join(key), "got " + show(value) + ", allowed text");
  }

  String text(String key, String preset) throws InvalidWorkloadException {
    return has(key) ? text(key) : preset;
  }

  double number(String key) throws InvalidWorkloadException {
    var text = text(key);
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw fault(required(key), join(key), "got " + text + ", allowed a number");
    }
  }

  double number(String key, double preset) throws InvalidWorkloadException {
    return has(key) ? number(key) : preset;
  }

  long whole(String key) throws InvalidWorkloadException {
    var text = text(key);
    try {
      return Long.parseLong(text.replace("_", ""));
    } catch (NumberFormatException e) {
      throw fault(required(key), join(key), "got " + text + ", allowed a whole number");
    }
  }

  long whole(String key, long preset) throws InvalidWorkloadException {
    return has(key) ? whole(key) : preset;
  }

  boolean flag(String key) throws InvalidWorkloadException {
    var text = text(key, "false");
    if (text.equals("true") || text.equals("false")) {
      return text.equals("true");
    }
    throw fault(required(key), join(key), "got " + text + ", allowed true or false");
  }

  /** Nanoseconds of a duration such as {@code 250ms}, {@code 1.5s} or {@code 0}. */
  long nanos(String key) throws InvalidWorkloadException {
    var text = text(key);
    if (text.equals("0")) {
      return 0;
    }
    var matched = DURATION.matcher(text);
    if (!matched.matches()) {
      throw fault(
          required(key),
          join(key),
          "got " + text + ", allowed a duration such as 250ms, 1.5s or 10m");
    }
    var unit =
        switch (matched.group(2)) {
          case "ms" -> Duration.ofMillis(1);
          case "s" -> Duration.ofSeconds(1);
          case "m" -> Duration.ofMinutes(1);
          default -> Duration.ofHours(1);
        };
    return Math.round(Double.parseDouble(matched.group(1)) * unit.toNanos());
  }

  long nanos(String key, long preset) throws InvalidWorkloadException {
    return has(key) ? nanos(key) : preset;
  }

  /** Whether a key's value is a plain one, not a mapping or list. */
  boolean isScalar(String key) {
    return values.get(key) instanceof ScalarNode;
  }

  YamlMap map(String key, List<String> known) throws InvalidWorkloadException {
    return new YamlMap(file, join(key), required(key), known);
  }

  List<YamlMap> maps(String key, List<String> known) throws InvalidWorkloadException {
    if (!has(key)) {
      return List.of();
    }
    var value = required(key);
    if (!(value instanceof SequenceNode sequence)) {
      throw fault(value, join(key), "got " + show(value) + ", allowed a list");
    }
    var maps = new ArrayList<YamlMap>();
    for (var item : sequence.getValue()) {
      maps.add(new YamlMap(file, join(key) + "[" + maps.size() + "]", item, known));
    }
    return maps;
  }

  /** Makes a value of what stands here; what its constructor refuses is a fault of this place. */
  <T> T make(Maker<T> maker) throws InvalidWorkloadException {
    try {
      return maker.make();
    } catch (IllegalArgumentException e) {
      var message = Objects.toString(e.getMessage(), "is not allowed");
      var colon = message.indexOf(": ");
      var key = colon < 0 ? "" : message.substring(0, colon);
      if (values.containsKey(key)) {
        throw fault(required(key), join(key), message.substring(colon + 2));
      }
      throw fault(node, path, message);
    }
  }

  /** Makes a value of this mapping's. */
  interface Maker<T> {
    T make() throws InvalidWorkloadException;
  }

  InvalidWorkloadException fault(String key, String what) {
    return fault(values.getOrDefault(key, node), key.isEmpty() ? path : join(key), what);
  }

  private Node required(String key) throws InvalidWorkloadException {
    var value = values.get(key);
    if (value == null) {
      throw fault(node, path.isEmpty() ? key : path, "needs the key " + key);
    }
    return value;
  }

  private InvalidWorkloadException fault(Node at, String path, String what) {
    var mark = at.getStartMark();
    var place = mark.map(m -> ":" + (m.getLine() + 1) + ":" + (m.getColumn() + 1)).orElse("");
    return new InvalidWorkloadException(
        file + place + ": " + (path.isEmpty() ? "" : path + ": ") + what);
  }

  private String join(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  private static String list(List<String> known) {
    return String.join(", ", known);
  }

  private static String show(Node node) {
    return switch (node) {
      case ScalarNode scalar -> scalar.getValue().isEmpty() ? "nothing" : scalar.getValue();
      case SequenceNode ignored -> "a list";
      default -> "a mapping";
    };
  }
}
