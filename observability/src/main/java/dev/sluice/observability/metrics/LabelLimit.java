package dev.sluice.observability.metrics;

import java.util.HashMap;
import java.util.Map;

/**
 * A limit on the number of values that a label takes at a time, because each value makes series.
 * While the limit is reached, a new value is replaced by {@value #OTHER}. A value counts until
 * everything that took it has released it. Thread-safe; O(1).
 */
final class LabelLimit {
  static final String OTHER = "other";

  private final int limit;

  /** How often each value has been taken. Guarded by this. */
  private final Map<String, Integer> taken = new HashMap<>();

  LabelLimit(int limit) {
    this.limit = limit;
  }

  /** The value to show for {@code value}, which now is taken. The empty value is always let in. */
  synchronized String take(String value) {
    if (value.isEmpty() || value.equals(OTHER)) {
      return value;
    }
    if (!taken.containsKey(value) && taken.size() >= limit) {
      return OTHER;
    }
    taken.merge(value, 1, Integer::sum);
    return value;
  }

  /** Releases a value that {@link #take} returned. */
  synchronized void release(String value) {
    taken.computeIfPresent(value, (ignored, count) -> count == 1 ? null : count - 1);
  }
}
