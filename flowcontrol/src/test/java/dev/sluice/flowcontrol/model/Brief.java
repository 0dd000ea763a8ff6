package dev.sluice.flowcontrol.model;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Writes records as text and simplifies them, by comparison with a plain record of the same type.
 */
final class Brief {

  private Brief() {}

  /** Names only the components that differ. */
  static String of(Record value, Record plain) {
    var parts = new ArrayList<String>();
    for (var component : value.getClass().getRecordComponents()) {
      var own = read(component, value);
      if (!Objects.equals(own, read(component, plain))) {
        parts.add(component.getName() + "=" + own);
      }
    }
    return value.getClass().getSimpleName() + parts;
  }

  /** The record with other values for the components that are named. */
  static <R extends Record> R with(R value, Map<String, ?> changed) {
    var components = value.getClass().getRecordComponents();
    var arguments = new @Nullable Object[components.length];
    var types = new Class<?>[components.length];
    for (var i = 0; i < components.length; i++) {
      var name = components[i].getName();
      arguments[i] = changed.containsKey(name) ? changed.get(name) : read(components[i], value);
      types[i] = components[i].getType();
    }
    return construct(value, types, arguments);
  }

  /** The record with one component as in the plain one, for each that differs. */
  static <R extends Record> List<R> simpler(R value, R plain) {
    var simpler = new ArrayList<R>();
    for (var component : value.getClass().getRecordComponents()) {
      var simple = read(component, plain);
      if (simple != null && !simple.equals(read(component, value))) {
        simpler.add(with(value, Map.of(component.getName(), simple)));
      }
    }
    return simpler;
  }

  private static @Nullable Object read(RecordComponent component, Record value) {
    try {
      return component.getAccessor().invoke(value);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  @SuppressWarnings("unchecked")
  private static <R extends Record> R construct(
      R like, Class<?>[] types, @Nullable Object[] arguments) {
    try {
      return (R) like.getClass().getDeclaredConstructor(types).newInstance(arguments);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
