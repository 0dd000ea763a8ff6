package dev.sluice.flowcontrol.plugins.structures;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import java.util.ArrayList;
import java.util.function.Supplier;

/**
 * One value per eligibility class, by the class's index. O(1). A value outlives its class: who uses
 * an index again finds what the class before left, so the value must be empty by then. Not
 * thread-safe.
 *
 * @param <V> what is kept
 */
public final class ClassTable<V> {
  private final ArrayList<V> values = new ArrayList<>();
  private final Supplier<V> maker;

  /** An empty table that makes values when they are first asked for. */
  public ClassTable(Supplier<V> maker) {
    this.maker = maker;
  }

  /** The value of a class, made if there is none. */
  public V of(EligibilityClass needs) {
    while (values.size() <= needs.index()) {
      values.add(maker.get());
    }
    return values.get(needs.index());
  }

  /** How many classes have a value; their indexes are below this. */
  public int size() {
    return values.size();
  }

  /** The value of the class with an index below {@link #size}. */
  public V at(int index) {
    return values.get(index);
  }
}
