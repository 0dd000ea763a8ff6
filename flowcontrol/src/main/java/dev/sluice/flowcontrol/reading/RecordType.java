package dev.sluice.flowcontrol.reading;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A public record as a form to fill in: its components are the names that a file may use, and one
 * value of it holds the defaults. Immutable.
 *
 * @param <R> the record
 */
public final class RecordType<R extends Record> {

  /**
   * Turns a value as it was written into a component's value.
   *
   * @param <V> the class of written values
   */
  @FunctionalInterface
  public interface Reader<V> {

    /** Returns the component's value; if it had to note a fault, {@code preset}. */
    @Nullable Object read(RecordComponent component, V written, @Nullable Object preset);
  }

  private final Class<R> type;
  private final RecordComponent[] components;

  private RecordType(Class<R> type) {
    this.type = type;
    components = type.getRecordComponents();
  }

  /** The form of a record. */
  public static <R extends Record> RecordType<R> of(Class<R> type) {
    return new RecordType<>(type);
  }

  /** The form of a record, from a value of it. */
  @SuppressWarnings("unchecked") // the class of an R
  public static <R extends Record> RecordType<R> of(R value) {
    return new RecordType<>((Class<R>) value.getClass());
  }

  /** The components, in order. */
  public List<RecordComponent> components() {
    return List.of(components);
  }

  /** The components' names, in order. */
  public List<String> names() {
    return Arrays.stream(components).map(RecordComponent::getName).toList();
  }

  /** A component's value. */
  public @Nullable Object get(RecordComponent component, R holder) {
    try {
      return component.getAccessor().invoke(holder);
    } catch (ReflectiveOperationException e) {
      throw broken("cannot be read; a record that is bound must be public", e);
    }
  }

  /**
   * The constructor's arguments: written values, read by {@code reader}, and defaults for the rest.
   */
  public <V> @Nullable Object[] arguments(R defaults, Map<String, V> written, Reader<V> reader) {
    var arguments = new @Nullable Object[components.length];
    for (var i = 0; i < components.length; i++) {
      var component = components[i];
      var preset = get(component, defaults);
      arguments[i] =
          written.containsKey(component.getName())
              ? reader.read(component, written.get(component.getName()), preset)
              : preset;
    }
    return arguments;
  }

  /**
   * A record.
   *
   * @throws IllegalArgumentException if its constructor refuses the arguments; the message has a
   *     line for each fault, see {@link #faults}
   */
  public R make(@Nullable Object[] arguments) {
    var types = Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      return type.getDeclaredConstructor(types).newInstance(arguments);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof IllegalArgumentException refused) {
        throw refused;
      }
      throw broken("failed in its constructor", e.getCause());
    } catch (ReflectiveOperationException e) {
      throw broken("cannot be made; a record that is bound must be public", e);
    }
  }

  /** Puts defaults in place of the arguments that a refusal names. */
  public void replaceRefused(
      @Nullable Object[] arguments, R defaults, IllegalArgumentException refused) {
    var named = faults(refused).stream().map(Fault::name).toList();
    for (var i = 0; i < components.length; i++) {
      if (named.contains(components[i].getName())) {
        arguments[i] = get(components[i], defaults);
      }
    }
  }

  /**
   * One line of a refusal.
   *
   * @param name the component that is wrong, as far as the line names one; else empty
   * @param what the rest of the line
   */
  public record Fault(String name, String what) {}

  /** The lines of a refusal, such as {@code port: got 70000, allowed 0 to 65535}. */
  public static List<Fault> faults(IllegalArgumentException refused) {
    return Arrays.stream(Objects.toString(refused.getMessage(), "").split("\n", -1))
        .map(RecordType::fault)
        .toList();
  }

  private static Fault fault(String line) {
    var colon = line.indexOf(": ");
    return colon < 0
        ? new Fault("", line)
        : new Fault(line.substring(0, colon), line.substring(colon + 2));
  }

  private IllegalStateException broken(String what, @Nullable Throwable cause) {
    return new IllegalStateException(type.getName() + " " + what, cause);
  }
}
