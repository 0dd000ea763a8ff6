package dev.sluice.server.config;

import java.io.IOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One key of the configuration, as its record declares it.
 *
 * @param path the path in the file, such as {@code tenants[].id}
 * @param name the name
 * @param kind the kind of values
 * @param type the record of a section, or of a list's sections; else the value's class
 * @param preset the default; {@code null} if there is none
 * @param required whether the file has to give it
 * @param meaning one sentence about the key
 */
record Key(
    String path,
    String name,
    Kind kind,
    Class<?> type,
    @Nullable Object preset,
    boolean required,
    String meaning) {

  /** The kinds of values that a key may hold. */
  enum Kind {
    WHOLE_NUMBER("whole number"),
    QUANTITY("quantity"),
    NUMBER("number"),
    SWITCH("`true` or `false`"),
    TEXT("text"),
    DURATION("duration"),
    PLUGIN("plugin"),
    SECTION("section"),
    SECTIONS("list of sections"),
    TEXTS("list of texts"),
    NUMBERS_BY_NAME("whole numbers by name"),
    TEXTS_BY_NAME("texts by name"),
    VALUES_BY_NAME("values by name");

    final String words;

    Kind(String words) {
      this.words = words;
    }
  }

  private static final Set<String> REQUIRED =
      Set.of(
          "pool",
          "pool.endpoints",
          "pool.endpoints[].url",
          "tenants[].id",
          "plugins[].type",
          "flowControl.priorityBands[].priority");

  /** The keys of a section, in the order of its record. */
  static List<Key> of(String path, Class<?> section) throws IOException {
    var docs = SectionDocs.of(section);
    var keys = new ArrayList<Key>();
    for (var component : section.getRecordComponents()) {
      var name = component.getName();
      var child = path.isEmpty() ? name : path + "." + name;
      keys.add(
          new Key(
              child,
              name,
              kind(component),
              content(component),
              preset(section, component),
              REQUIRED.contains(child),
              docs.of(name)));
    }
    return keys;
  }

  /** The path of the keys inside the section. */
  String inside() {
    return kind == Kind.SECTIONS ? path + "[]" : path;
  }

  private static Class<?> content(RecordComponent component) {
    return component.getGenericType() instanceof ParameterizedType generic
        ? (Class<?>) last(generic.getActualTypeArguments())
        : component.getType();
  }

  private static Type last(Type[] types) {
    return types[types.length - 1];
  }

  private static Kind kind(RecordComponent component) {
    var type = component.getType();
    var content = content(component);
    if (type == List.class) {
      return content.isRecord() ? Kind.SECTIONS : Kind.TEXTS;
    }
    if (type != content) {
      if (content == String.class) {
        return Kind.TEXTS_BY_NAME;
      }
      return content == Integer.class ? Kind.NUMBERS_BY_NAME : Kind.VALUES_BY_NAME;
    }
    if (component.isAnnotationPresent(Quantity.class)) {
      return Kind.QUANTITY;
    }
    if (type == PluginRef.class) {
      return Kind.PLUGIN;
    }
    if (type.isRecord()) {
      return Kind.SECTION;
    }
    if (type == int.class) {
      return Kind.WHOLE_NUMBER;
    }
    if (type == double.class || type == Double.class) {
      return Kind.NUMBER;
    }
    if (type == boolean.class) {
      return Kind.SWITCH;
    }
    if (type == Duration.class) {
      return Kind.DURATION;
    }
    if (type == String.class) {
      return Kind.TEXT;
    }
    throw new IllegalStateException("no words for the type of " + component);
  }

  private static @Nullable Object preset(Class<?> section, RecordComponent component) {
    try {
      var defaults = Objects.requireNonNull(section.getField("DEFAULT").get(null));
      return component.getAccessor().invoke(defaults);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot read the default of " + component, e);
    }
  }
}
