package dev.sluice.flowcontrol.controller;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Operations whose callers found the core's lock taken, for whoever holds it to apply. One stripe
 * for each shard; the operations of a tenant share a stripe and keep their order, those of several
 * are applied in the order of their times.
 *
 * <p>Any thread publishes; only the holder of the core's lock takes. A publisher that has not got
 * the lock after publishing may go: the holder looks here again after it has released the lock, and
 * as both the lock's state and the stripes are volatile, one of the two sees the other.
 */
final class Intake {

  /**
   * A published operation.
   *
   * @param operation what is to happen
   * @param sinceNanos when its caller asked for it
   */
  record Entry(Operation operation, long sinceNanos) {}

  private final List<Queue<Entry>> stripes;

  /** An empty intake of so many stripes, above 0. */
  Intake(int shards) {
    stripes =
        IntStream.range(0, shards)
            .<Queue<Entry>>mapToObj(shard -> new ConcurrentLinkedQueue<>())
            .toList();
  }

  /** Leaves an operation of a request. */
  void publish(PendingRequest request, Operation operation, long sinceNanos) {
    var shard = Math.floorMod(request.request().tenant().hashCode(), stripes.size());
    stripes.get(shard).add(new Entry(operation, sinceNanos));
  }

  /** Whether nothing is left to apply. O(shards). */
  boolean isEmpty() {
    for (var i = 0; i < stripes.size(); i++) {
      if (!stripes.get(i).isEmpty()) {
        return false;
      }
    }
    return true;
  }

  /** Whether nothing is left to apply that was asked for at a time or before. O(shards). */
  boolean isEmptyUntil(long nanos) {
    for (var i = 0; i < stripes.size(); i++) {
      var first = stripes.get(i).peek();
      if (first != null && first.sinceNanos - nanos <= 0) {
        return false;
      }
    }
    return true;
  }

  /** Takes the operation with the earliest time, of equal ones the lowest shard's. O(shards). */
  @Nullable Entry poll() {
    var earliest = stripes.getFirst();
    var first = earliest.peek();
    for (var i = 1; i < stripes.size(); i++) {
      var other = stripes.get(i).peek();
      if (other != null && (first == null || other.sinceNanos - first.sinceNanos < 0)) {
        first = other;
        earliest = stripes.get(i);
      }
    }
    return first == null ? null : earliest.poll();
  }
}
