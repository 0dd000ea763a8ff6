package dev.sluice.flowcontrol.structures;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import java.util.Arrays;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A table of one value for each eligibility class, found by the class's index in O(1).
 *
 * <p>A value outlives its class. If another class gets the same index, it finds the old value. So
 * the owner must empty a value before its class is retired. Not thread-safe.
 *
 * @param <V> the type of the values
 */
public final class ClassTable<V> {
  private static final @Nullable Object[] NONE = {};

  private final Supplier<V> maker;
  private @Nullable Object[] values = NONE;

  /** An empty table that makes a value when it is first asked for. */
  public ClassTable(Supplier<V> maker) {
    this.maker = maker;
  }

  /** The value of a class; made if the class has none. */
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

  /** An upper bound on indexes: every class that has a value has a smaller index. */
  public int size() {
    return values.length;
  }

  /**
   * The value of the class with this index, or null if it has none. Needs an index below {@link
   * #size}.
   */
  @SuppressWarnings("unchecked") // only make() puts something in
  public @Nullable V at(int index) {
    return (V) values[index];
  }
}
