package dev.sluice.flowcontrol.controller;

import dev.sluice.flowcontrol.engine.Operation;
import dev.sluice.flowcontrol.engine.PendingRequest;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Operations whose callers found the core's lock taken, for the thread that holds the lock to
 * apply. There is one stripe for each shard. The operations of a tenant share a stripe and keep
 * their order; those of several stripes are applied in the order of their times.
 *
 * <p>Any thread publishes; only the holder of the core's lock takes. {@link DecisionLoop} says why
 * no operation is forgotten.
 */
final class Intake {

  /**
   * A published operation.
   *
   * @param sinceNanos when the caller published it
   */
  record Entry(Operation operation, long sinceNanos) {}

  /** The length from which on a caller that publishes has to wait for the lock and help. */
  static final int LONG = 4_096;

  private final List<Queue<Entry>> stripes;

  /** Entries published so far; only written where the lock was found taken. */
  private final AtomicLong published = new AtomicLong();

  /** Entries taken so far; written by the holder of the lock. */
  private volatile long taken;

  /**
   * False only if nothing is left: set after publishing, and cleared before a last look. Nearly
   * always nothing is left, and then a look costs one read.
   */
  private volatile boolean mayHaveSome;

  /** An empty intake of this many stripes, at least 1. */
  Intake(int shards) {
    this(
        IntStream.range(0, shards)
            .<Queue<Entry>>mapToObj(shard -> new ConcurrentLinkedQueue<>())
            .toList());
  }

  /** An intake whose stripes are these queues, for tests. */
  Intake(List<Queue<Entry>> stripes) {
    this.stripes = stripes;
  }

  /** Leaves an operation of a request. */
  void publish(PendingRequest request, Operation operation, long sinceNanos) {
    var shard = Math.floorMod(request.request().tenant().hashCode(), stripes.size());
    published.getAndIncrement();
    stripes.get(shard).add(new Entry(operation, sinceNanos));
    mayHaveSome = true;
  }

  /**
   * Whether so much is left that publishers should not go on before some of it is applied. Without
   * this bound, requests that are neither queued nor refused would fill the memory.
   */
  boolean isLong() {
    return published.get() - taken > LONG;
  }

  /** True if nothing is left to apply. May return false although the intake is empty. O(1). */
  boolean isEmpty() {
    return !mayHaveSome;
  }

  /** Whether nothing is left to apply that was published at a time or before. O(shards). */
  boolean isEmptyUntil(long nanos) {
    if (!mayHaveSome) {
      return true;
    }
    for (var i = 0; i < stripes.size(); i++) {
      var first = stripes.get(i).peek();
      if (first != null && first.sinceNanos - nanos <= 0) {
        return false;
      }
    }
    return true;
  }

  /** Takes the operation with the earliest time, of equal times the lowest shard's. O(shards). */
  @Nullable Entry poll() {
    if (!mayHaveSome) {
      return null;
    }
    var entry = takeEarliest();
    if (entry == null) {
      mayHaveSome = false;
      entry = takeEarliest();
      if (entry != null) { // else a publisher may have set it just now
        mayHaveSome = true;
      }
    }
    return entry;
  }

  private @Nullable Entry takeEarliest() {
    var earliest = stripes.get(0);
    var first = earliest.peek();
    for (var i = 1; i < stripes.size(); i++) {
      var other = stripes.get(i).peek();
      if (other != null && (first == null || other.sinceNanos - first.sinceNanos < 0)) {
        first = other;
        earliest = stripes.get(i);
      }
    }
    if (first == null) {
      return null;
    }
    count();
    return earliest.poll();
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // the holder of the lock is the only writer
  private void count() {
    taken++;
  }
}
