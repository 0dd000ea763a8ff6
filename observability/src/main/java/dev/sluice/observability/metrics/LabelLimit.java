package dev.sluice.observability.metrics;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Bounds how many values a label takes, because each makes series that last: beyond the limit new
 * values read {@value #OTHER}. A value that was let in stays in. Thread-safe; O(1).
 */
final class LabelLimit {
  static final String OTHER = "other";

  private final int limit;
  private final Set<String> known = ConcurrentHashMap.newKeySet();

  LabelLimit(int limit) {
    this.limit = limit;
  }

  /** The value to use for {@code value}. The empty value is always let in. */
  String of(String value) {
    if (value.isEmpty() || known.contains(value)) {
      return value;
    }
    // Threads that race here may let in a few more than the limit, which does no harm.
    return (known.size() < limit && known.add(value)) || known.contains(value) ? value : OTHER;
  }
}
