package dev.sluice.flowcontrol.structures;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import java.util.Arrays;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One value per eligibility class, by the class's index. O(1). A value outlives its class: who uses
 * an index again finds what the class before left, so the value must be empty by then. Not
 * thread-safe.
 *
 * @param <V> what is kept
 */
public final class ClassTable<V> {
  private static final @Nullable Object[] NONE = {};

  private final Supplier<V> maker;
  private @Nullable Object[] values = NONE;

  /** An empty table that makes values when they are first asked for. */
  public ClassTable(Supplier<V> maker) {
    this.maker = maker;
  }

  /** The value of a class, made if there is none. */
  public V of(EligibilityClass needs) {
    var index = needs.index();
    var known = index < values.length ? at(index) : null;
    return known == null ? make(index) : known;
  }

  private V make(int index) {
    if (index >= values.length) {
      values = Arrays.copyOf(values, Math.max(index + 1, 2 * values.length));
    }
    var made = maker.get();
    values[index] = made;
    return made;
  }

  /** Classes with a value have indexes below this. */
  public int size() {
    return values.length;
  }

  /** The value of the class with an index below {@link #size}, or null if it has none. */
  @SuppressWarnings("unchecked") // only make() puts something in
  public @Nullable V at(int index) {
    return (V) values[index];
  }
}
