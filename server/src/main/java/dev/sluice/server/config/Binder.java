package dev.sluice.server.config;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * Binds YAML nodes to records: a mapping's keys are the components' names, what is missing is taken
 * from the record's {@code DEFAULT}. Notes every fault with its place and goes on, so that all are
 * reported at once. Not thread-safe.
 */
final class Binder {
  private static final Pattern VARIABLE =
      Pattern.compile("\\$\\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?}");

  private final String file;
  private final Function<String, @Nullable String> environment;
  private final List<String> faults = new ArrayList<>();
  private final Map<String, Mark> places = new HashMap<>();
  private final Set<String> broken = new HashSet<>();

  Binder(String file, Function<String, @Nullable String> environment) {
    this.file = file;
    this.environment = environment;
  }

  List<String> faults() {
    return faults;
  }

  /**
   * Notes a fault of what stands at a path, or of the nearest thing around it that the file names.
   */
  void fault(String path, String what) {
    var at = path;
    while (!places.containsKey(at) && !at.isEmpty()) {
      var dot = Math.max(at.lastIndexOf('.'), at.lastIndexOf('['));
      at = dot < 0 ? "" : at.substring(0, dot);
    }
    fault(Optional.ofNullable(places.get(at)), path, what);
  }

  private void fault(Optional<Mark> mark, String path, String what) {
    var place = mark.map(m -> ":" + (m.getLine() + 1) + ":" + (m.getColumn() + 1)).orElse("");
    var fault = file + place + ": " + (path.isEmpty() ? "" : path + ": ") + what;
    if (!faults.contains(fault)) { // a plugin of many references is wrong once
      faults.add(fault);
    }
  }

  /** Binds a mapping to a record; {@code defaults} stand in for what is missing or wrong. */
  <R extends Record> R record(String path, Node node, Class<R> type, R defaults) {
    place(path, node);
    if (!(node instanceof MappingNode mapping)) {
      if (!isNull(node)) {
        fault(node.getStartMark(), path, "got " + describe(node) + ", allowed a mapping of keys");
        broken(path);
      }
      return defaults;
    }
    var values = new LinkedHashMap<String, Node>();
    var known = Arrays.stream(type.getRecordComponents()).map(RecordComponent::getName).toList();
    for (var entry : mapping.getValue()) {
      var key = key(entry);
      var child = join(path, key);
      if (!known.contains(key)) {
        fault(
            entry.getKeyNode().getStartMark(),
            child,
            "unknown key; " + nearest(key, known) + "allowed: " + String.join(", ", known));
      } else if (values.put(key, entry.getValueNode()) != null) {
        fault(entry.getKeyNode().getStartMark(), child, "stands twice");
      }
    }
    return construct(path, type, defaults, values);
  }

  private <R extends Record> R construct(
      String path, Class<R> type, R defaults, Map<String, Node> values) {
    var components = type.getRecordComponents();
    var types = new Class<?>[components.length];
    var arguments = new @Nullable Object[components.length];
    for (var i = 0; i < components.length; i++) {
      var component = components[i];
      types[i] = component.getType();
      var node = values.get(component.getName());
      var preset = get(component, defaults);
      arguments[i] =
          node == null ? preset : value(join(path, component.getName()), node, component, preset);
    }
    try {
      var constructor = type.getDeclaredConstructor(types);
      try {
        return constructor.newInstance(arguments);
      } catch (InvocationTargetException e) {
        var refused = refusal(e);
        refused(path, refused);
        replaceRefused(components, arguments, defaults, refused);
      }
      try {
        return constructor.newInstance(arguments); // so that what is right in it is checked further
      } catch (InvocationTargetException e) {
        refusal(e);
        return defaults;
      }
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot make a " + type.getSimpleName(), e);
    }
  }

  /** Why a constructor refused its arguments; any other failure is the program's own. */
  private static IllegalArgumentException refusal(InvocationTargetException thrown)
      throws InvocationTargetException {
    if (thrown.getCause() instanceof IllegalArgumentException refused) {
      return refused;
    }
    throw thrown;
  }

  /** Puts defaults in place of the arguments that a refusal names. */
  private static void replaceRefused(
      RecordComponent[] components,
      @Nullable Object[] arguments,
      Record defaults,
      IllegalArgumentException refused) {
    var lines = Objects.toString(refused.getMessage(), "").lines().toList();
    for (var i = 0; i < components.length; i++) {
      var named = components[i].getName() + ":";
      if (lines.stream().anyMatch(line -> line.startsWith(named))) {
        arguments[i] = get(components[i], defaults);
      }
    }
  }

  /** Notes what a section's or an option's constructor refused, a line for each fault. */
  void refused(String path, IllegalArgumentException refused) {
    broken(path);
    for (var line : Objects.toString(refused.getMessage(), "").split("\n", -1)) {
      var colon = line.indexOf(": ");
      if (colon < 0) {
        fault(path, line);
      } else {
        fault(join(path, line.substring(0, colon)), line.substring(colon + 2));
      }
    }
  }

  /** Notes that the record at a path is none of the file's. */
  void broken(String path) {
    broken.add(path);
  }

  /** Whether the record at a path is as the file says; if not, it is only a stand-in. */
  boolean isWhole(String path) {
    return !broken.contains(path);
  }

  private static @Nullable Object get(RecordComponent component, Record defaults) {
    try {
      return component.getAccessor().invoke(defaults);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot read " + component, e);
    }
  }

  private @Nullable Object value(
      String path, Node node, RecordComponent component, @Nullable Object preset) {
    place(path, node);
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
      fault(node.getStartMark(), path, "got " + describe(node) + ", allowed a list");
      return List.of();
    }
    var values = new ArrayList<Object>();
    for (var item : sequence.getValue()) {
      var child = path + "[" + values.size() + "]";
      place(child, item);
      var value = value(child, item, type, false, null);
      if (value == null) {
        fault(item.getStartMark(), child, "got nothing, allowed a value");
        broken(child);
        value = type == String.class ? "" : defaultsOf((Class<?>) type);
      }
      values.add(value);
    }
    return values;
  }

  private Map<String, Object> map(String path, Node node, Type type) {
    if (!(node instanceof MappingNode mapping)) {
      fault(node.getStartMark(), path, "got " + describe(node) + ", allowed a mapping");
      return Map.of();
    }
    var values = new LinkedHashMap<String, Object>();
    for (var entry : mapping.getValue()) {
      var key = key(entry);
      var child = join(path, key);
      place(child, entry.getValueNode());
      if (values.containsKey(key)) {
        fault(entry.getKeyNode().getStartMark(), child, "stands twice");
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
      fault(path, "needs a type, or the name of a plugin");
    }
    return new PluginRef("", inline.type, inline.parameters);
  }

  /** A plugin given in place of its name. */
  record Inline(String type, Map<String, Object> parameters) {
    static final Inline DEFAULT = new Inline("", Map.of());
  }

  /** A plugin's parameter: its type is the plugin's business. */
  private @Nullable Object free(String path, Node node) {
    if (isNull(node)) {
      return null;
    }
    if (node.isRecursive()) {
      fault(node.getStartMark(), path, "contains itself");
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
      fault(node.getStartMark(), path, "got " + text + ", allowed a number");
      return null;
    }
    return tag.equals(Tag.BOOL) ? (Object) Boolean.parseBoolean(text) : text;
  }

  private @Nullable Object scalar(
      String path, Node node, Type type, boolean quantity, @Nullable Object preset) {
    if (!(node instanceof ScalarNode scalar)) {
      fault(node.getStartMark(), path, "got " + describe(node) + ", allowed " + allowed(type));
      return preset;
    }
    var text = text(path, scalar);
    try {
      return parse(text, type, quantity);
    } catch (IllegalArgumentException e) {
      var allowed =
          e instanceof NumberFormatException ? allowed(type) : Objects.toString(e.getMessage(), "");
      fault(node.getStartMark(), path, "got " + text + ", allowed " + allowed);
      return preset;
    }
  }

  private static Object parse(String text, Type type, boolean quantity) {
    if (type == String.class) {
      return text;
    }
    if (type == boolean.class) {
      if (!text.equals("true") && !text.equals("false")) {
        throw new IllegalArgumentException("true or false");
      }
      return text.equals("true");
    }
    if (type == Duration.class) {
      return Units.duration(text);
    }
    if (type == double.class || type == Double.class) {
      return Double.parseDouble(text);
    }
    if (quantity && !text.startsWith("-")) {
      return Units.quantity(text);
    }
    if (type == int.class || type == Integer.class) {
      return Integer.parseInt(text.replace("_", ""));
    }
    return Long.parseLong(text.replace("_", ""));
  }

  private static String allowed(Type type) {
    if (type == int.class || type == Integer.class || type == long.class || type == Long.class) {
      return "a whole number";
    }
    if (type == double.class || type == Double.class) {
      return "a number";
    }
    if (type == boolean.class) {
      return "true or false";
    }
    return type == Duration.class ? "a duration such as 30s" : "text";
  }

  /** The scalar's text with environment variables put in. */
  private String text(String path, ScalarNode node) {
    var variables = VARIABLE.matcher(node.getValue());
    return variables.replaceAll(found -> {
      var value = environment.apply(found.group(1));
      if (value == null) {
        value = found.group(2);
      }
      if (value == null) {
        fault(
            node.getStartMark(),
            path,
            "the environment variable " + found.group(1) + " is not set");
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

  private void place(String path, Node node) {
    node.getStartMark().ifPresent(mark -> places.put(path, mark));
  }

  private static boolean isNull(Node node) {
    return node.getTag().equals(Tag.NULL);
  }

  private static String join(String path, String name) {
    if (name.isEmpty()) {
      return path;
    }
    return path.isEmpty() ? name : path + "." + name;
  }

  private static String describe(Node node) {
    return switch (node) {
      case ScalarNode scalar -> scalar.getValue();
      case SequenceNode ignored -> "a list";
      default -> "a mapping";
    };
  }

  /** A question about the known name that is nearest to a given one; empty if none is near. */
  static String nearest(String key, Collection<String> known) {
    var best = "";
    var least = Integer.MAX_VALUE;
    for (var candidate : known) {
      var distance = distance(key, candidate);
      if (distance < least) {
        best = candidate;
        least = distance;
      }
    }
    return least <= Math.max(2, key.length() / 3) ? "did you mean " + best + "? " : "";
  }

  /** Levenshtein's edit distance, without regard to case. O(length^2). */
  private static int distance(String a, String b) {
    var row = new int[b.length() + 1];
    for (var j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (var i = 1; i <= a.length(); i++) {
      var diagonal = row[0];
      row[0] = i;
      for (var j = 1; j <= b.length(); j++) {
        var same = Character.toLowerCase(a.charAt(i - 1)) == Character.toLowerCase(b.charAt(j - 1));
        var replaced = diagonal + (same ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
