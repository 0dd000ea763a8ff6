package dev.sluice.observability.metrics;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A limit on the number of values that a label takes, because each value makes series that last.
 * After the limit is reached, a new value is replaced by {@value #OTHER}. A value that was let in
 * stays in. Thread-safe; O(1).
 */
final class LabelLimit {
  static final String OTHER = "other";

  private final int limit;
  private final Set<String> known = ConcurrentHashMap.newKeySet();

  LabelLimit(int limit) {
    this.limit = limit;
  }

  /** The value to show for {@code value}. The empty value is always let in. */
  String of(String value) {
    if (value.isEmpty() || known.contains(value)) {
      return value;
    }
    // Threads that race here may let in a few values more than the limit, which does no harm.
    return (known.size() < limit && known.add(value)) || known.contains(value) ? value : OTHER;
  }
}
