package dev.sluice.flowcontrol.model;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Records as text and in simpler forms, by comparison with a plain one of the same type. */
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

  /** The record with one component as in the plain one, for each that differs. */
  static <R extends Record> List<R> simpler(R value, R plain) {
    var simpler = new ArrayList<R>();
    var components = value.getClass().getRecordComponents();
    for (var i = 0; i < components.length; i++) {
      if (!Objects.equals(read(components[i], value), read(components[i], plain))) {
        var arguments = new @Nullable Object[components.length];
        var types = new Class<?>[components.length];
        for (var j = 0; j < components.length; j++) {
          arguments[j] = read(components[j], i == j ? plain : value);
          types[j] = components[j].getType();
        }
        simpler.add(construct(value, types, arguments));
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
