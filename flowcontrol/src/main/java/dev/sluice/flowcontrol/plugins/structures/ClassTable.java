package dev.sluice.flowcontrol.plugins.structures;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import java.util.ArrayList;
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
  private final ArrayList<@Nullable V> values = new ArrayList<>(1);
  private final Supplier<V> maker;

  /** An empty table that makes values when they are first asked for. */
  public ClassTable(Supplier<V> maker) {
    this.maker = maker;
  }

  /** The value of a class, made if there is none. */
  public V of(EligibilityClass needs) {
    var index = needs.index();
    while (values.size() <= index) {
      values.add(null);
    }
    var known = values.get(index);
    if (known != null) {
      return known;
    }
    var made = maker.get();
    values.set(index, made);
    return made;
  }

  /** Classes with a value have indexes below this. */
  public int size() {
    return values.size();
  }

  /** The value of the class with an index below {@link #size}, or null if it has none. */
  public @Nullable V at(int index) {
    return values.get(index);
  }
}
