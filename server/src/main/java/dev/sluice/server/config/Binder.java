package dev.sluice.server.config;

import dev.sluice.flowcontrol.reading.RecordType;
import dev.sluice.flowcontrol.reading.Scalars;
import dev.sluice.flowcontrol.reading.Spelling;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * Binds YAML nodes to records. The keys of a mapping are the names of the record's components; the
 * record's {@code DEFAULT} gives the values of missing keys. Notes each fault in a {@link
 * FaultReport} and goes on, so that all faults are reported at once. Not thread-safe.
 */
final class Binder {
  private static final Pattern VARIABLE =
      Pattern.compile("\\$\\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?}");

  private final FaultReport report;
  private final Function<String, @Nullable String> environment;

  Binder(FaultReport report, Function<String, @Nullable String> environment) {
    this.report = report;
    this.environment = environment;
  }

  /** Binds a mapping to a record; {@code defaults} replace values that are missing or wrong. */
  <R extends Record> R record(String path, Node node, Class<R> type, R defaults) {
    report.place(path, node);
    if (!(node instanceof MappingNode mapping)) {
      if (!isNull(node)) {
        report.fault(node, path, "got " + describe(node) + ", allowed a mapping of keys");
        report.broken(path);
      }
      return defaults;
    }
    var form = RecordType.of(type);
    var written = new LinkedHashMap<String, Node>();
    for (var entry : mapping.getValue()) {
      var key = key(entry);
      var child = FaultReport.join(path, key);
      if (!form.names().contains(key)) {
        report.fault(entry.getKeyNode(), child, Spelling.unknownKey(key, form.names()));
      } else if (written.put(key, entry.getValueNode()) != null) {
        report.fault(entry.getKeyNode(), child, "is listed twice");
      }
    }
    return filled(path, form, defaults, written);
  }

  private <R extends Record> R filled(
      String path, RecordType<R> form, R defaults, Map<String, Node> written) {
    var arguments =
        form.arguments(
            defaults,
            written,
            (component, node, preset) ->
                value(FaultReport.join(path, component.getName()), node, component, preset));
    try {
      return form.make(arguments);
    } catch (IllegalArgumentException refused) {
      report.refused(path, refused);
      form.replaceRefused(arguments, defaults, refused);
    }
    try {
      return form.make(arguments); // the values that are right are checked further
    } catch (IllegalArgumentException refusedAgain) {
      return defaults;
    }
  }

  private @Nullable Object value(
      String path, Node node, RecordComponent component, @Nullable Object preset) {
    report.place(path, node);
    var quantity = component.isAnnotationPresent(Quantity.class);
    return value(path, node, component.getGenericType(), quantity, preset);
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // the record's class gives the record's defaults
  private @Nullable Object value(
      String path, Node node, Type type, boolean quantity, @Nullable Object preset) {
    if (isNull(node)) {
      return preset;
    }
    if (type instanceof ParameterizedType generic) {
      var arguments = generic.getActualTypeArguments();
      return generic.getRawType() == List.class
          ? list(path, node, arguments[0])
          : map(path, node, arguments[1]);
    }
    if (type == PluginRef.class) {
      return pluginRef(path, node);
    }
    if (type instanceof Class<?> raw && raw.isRecord()) {
      var defaults = preset instanceof Record already ? already : defaultsOf(raw);
      return record(path, node, (Class) raw, defaults);
    }
    return scalar(path, node, type, quantity, preset);
  }

  private static Record defaultsOf(Class<?> type) {
    try {
      return (Record) Objects.requireNonNull(type.getField("DEFAULT").get(null));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(type.getSimpleName() + " has no DEFAULT", e);
    }
  }

  private List<Object> list(String path, Node node, Type type) {
    if (!(node instanceof SequenceNode sequence)) {
      report.fault(node, path, "got " + describe(node) + ", allowed a list");
      return List.of();
    }
    var values = new ArrayList<Object>();
    for (var item : sequence.getValue()) {
      var child = path + "[" + values.size() + "]";
      report.place(child, item);
      var value = value(child, item, type, false, null);
      if (value == null) {
        report.fault(item, child, "got nothing, allowed a value");
        report.broken(child);
        value = type == String.class ? "" : defaultsOf((Class<?>) type);
      }
      values.add(value);
    }
    return values;
  }

  private Map<String, Object> map(String path, Node node, Type type) {
    if (!(node instanceof MappingNode mapping)) {
      report.fault(node, path, "got " + describe(node) + ", allowed a mapping");
      return Map.of();
    }
    var values = new LinkedHashMap<String, Object>();
    for (var entry : mapping.getValue()) {
      var key = key(entry);
      var child = FaultReport.join(path, key);
      report.place(child, entry.getValueNode());
      if (values.containsKey(key)) {
        report.fault(entry.getKeyNode(), child, "is listed twice");
      }
      var value =
          type == Object.class
              ? free(child, entry.getValueNode())
              : scalar(child, entry.getValueNode(), type, false, null);
      if (value != null) {
        values.put(key, value);
      }
    }
    return values;
  }

  private PluginRef pluginRef(String path, Node node) {
    if (node instanceof ScalarNode scalar) {
      return PluginRef.named(text(path, scalar));
    }
    var inline = record(path, node, Inline.class, Inline.DEFAULT);
    if (inline.type.isBlank()) {
      report.fault(path, "needs a type, or the name of a plugin");
    }
    return new PluginRef("", inline.type, inline.parameters);
  }

  /** A plugin that is given in place, not by name. */
  public record Inline(String type, Map<String, Object> parameters) {
    static final Inline DEFAULT = new Inline("", Map.of());
  }

  /** A plugin's parameter, of any type; the plugin checks it. */
  private @Nullable Object free(String path, Node node) {
    if (isNull(node)) {
      return null;
    }
    if (node.isRecursive()) {
      report.fault(node, path, "contains itself");
      return null;
    }
    if (node instanceof SequenceNode sequence) {
      return sequence.getValue().stream().map(item -> free(path, item)).toList();
    }
    if (node instanceof MappingNode) {
      return map(path, node, Object.class);
    }
    var scalar = (ScalarNode) node;
    var text = text(path, scalar);
    var tag = scalar.getTag();
    try {
      if (tag.equals(Tag.INT)) {
        return Long.parseLong(text);
      }
      if (tag.equals(Tag.FLOAT)) {
        return Double.parseDouble(text);
      }
    } catch (NumberFormatException e) {
      report.fault(node, path, "got " + text + ", allowed a number");
      return null;
    }
    return tag.equals(Tag.BOOL) ? (Object) Boolean.parseBoolean(text) : text;
  }

  private @Nullable Object scalar(
      String path, Node node, Type type, boolean quantity, @Nullable Object preset) {
    if (!(node instanceof ScalarNode scalar)) {
      report.fault(node, path, "got " + describe(node) + ", allowed " + allowed(type));
      return preset;
    }
    var text = text(path, scalar);
    try {
      return parse(text, (Class<?>) type, quantity);
    } catch (IllegalArgumentException e) {
      report.fault(node, path, "got " + text + ", allowed " + e.getMessage());
      return preset;
    }
  }

  private static Object parse(String text, Class<?> type, boolean quantity) {
    if (type == String.class) {
      return text;
    }
    if (type == Duration.class) {
      return Units.duration(text);
    }
    return quantity && !text.startsWith("-") ? Units.quantity(text) : Scalars.parse(text, type);
  }

  private static String allowed(Type type) {
    if (type == String.class) {
      return "text";
    }
    return type == Duration.class ? "a duration such as 30s" : Scalars.allowed((Class<?>) type);
  }

  /** The text of a scalar, with the values of the environment variables that it names. */
  private String text(String path, ScalarNode node) {
    var variables = VARIABLE.matcher(node.getValue());
    return variables.replaceAll(found -> {
      var value = environment.apply(found.group(1));
      if (value == null) {
        value = found.group(2);
      }
      if (value == null) {
        report.fault(node, path, "the environment variable " + found.group(1) + " is not set");
        return "";
      }
      return Matcher.quoteReplacement(value);
    });
  }

  private String key(NodeTuple entry) {
    if (entry.getKeyNode() instanceof ScalarNode scalar) {
      return scalar.getValue();
    }
    return describe(entry.getKeyNode());
  }

  private static boolean isNull(Node node) {
    return node.getTag().equals(Tag.NULL);
  }

  private static String describe(Node node) {
    return switch (node) {
      case ScalarNode scalar -> scalar.getValue();
      case SequenceNode ignored -> "a list";
      default -> "a mapping";
    };
  }
}
