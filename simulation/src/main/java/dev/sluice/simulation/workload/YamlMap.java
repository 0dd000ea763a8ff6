package dev.sluice.simulation.workload;

import dev.sluice.flowcontrol.reading.Durations;
import dev.sluice.flowcontrol.reading.RecordType;
import dev.sluice.flowcontrol.reading.Scalars;
import dev.sluice.flowcontrol.reading.Spelling;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * A YAML mapping of known keys. Every fault names file, line, column and path, and the first fault
 * ends the reading. An unknown key is refused with the nearest known one. Not thread-safe.
 */
final class YamlMap {
  private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

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
        throw fault(entry.getKeyNode(), join(key), Spelling.unknownKey(key, known));
      }
      if (values.put(key, entry.getValueNode()) != null) {
        throw fault(entry.getKeyNode(), join(key), "is listed twice");
      }
    }
  }

  boolean has(String key) {
    return values.containsKey(key);
  }

  /** The only key of this mapping. */
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
    return (double) scalar(key, text(key), double.class);
  }

  double number(String key, double preset) throws InvalidWorkloadException {
    return has(key) ? number(key) : preset;
  }

  long whole(String key) throws InvalidWorkloadException {
    return (long) scalar(key, text(key), long.class);
  }

  long whole(String key, long preset) throws InvalidWorkloadException {
    return has(key) ? whole(key) : preset;
  }

  boolean flag(String key) throws InvalidWorkloadException {
    return has(key) && (boolean) scalar(key, text(key), boolean.class);
  }

  private Object scalar(String key, String text, Class<?> type) throws InvalidWorkloadException {
    try {
      return Scalars.parse(text, type);
    } catch (IllegalArgumentException e) {
      throw fault(required(key), join(key), "got " + text + ", allowed " + e.getMessage());
    }
  }

  /** Nanoseconds of a duration such as {@code 250ms}, {@code 1.5s} or {@code 0}. */
  long nanos(String key) throws InvalidWorkloadException {
    var text = text(key);
    var duration = Durations.parse(text).filter(read -> read.compareTo(LONGEST) <= 0);
    if (duration.isEmpty()) {
      throw fault(
          required(key),
          join(key),
          "got " + text + ", allowed a duration such as 250ms, 1.5s or 10m, at most 292 years");
    }
    return duration.get().toNanos();
  }

  long nanos(String key, long preset) throws InvalidWorkloadException {
    return has(key) ? nanos(key) : preset;
  }

  /** Whether a key has a plain value, not a mapping or list. */
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

  /** Makes a value of this mapping. If a constructor refuses a value, the fault names its key. */
  <T> T make(Maker<T> maker) throws InvalidWorkloadException {
    try {
      return maker.make();
    } catch (IllegalArgumentException e) {
      var refused = RecordType.faults(e).getFirst();
      if (values.containsKey(refused.name())) {
        throw fault(required(refused.name()), join(refused.name()), refused.what());
      }
      throw fault(node, path, Objects.toString(e.getMessage(), "is not allowed"));
    }
  }

  /** Makes a value of this mapping's values. */
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
