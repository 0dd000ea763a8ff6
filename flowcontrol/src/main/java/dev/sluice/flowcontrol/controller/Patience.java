package dev.sluice.flowcontrol.controller;

import org.jspecify.annotations.Nullable;

/**
 * How long requests may wait, and, as an intrusive list in the order of their arrival, the queued
 * ones that may wait so long and have no deadline of their own: the first one's time is over first.
 * Guarded by the core's lock; every method is O(1).
 */
final class Patience {
  private final long ttlNanos;
  private final long longestWaitNanos;
  private @Nullable QueuedRequest first;
  private @Nullable QueuedRequest last;

  /**
   * Nobody waits yet; {@link QueuedRequest#NEVER} for either is for ever.
   *
   * @param ttlNanos how long one regime's wait may be
   * @param longestWaitNanos how long all waits together may be
   */
  Patience(long ttlNanos, long longestWaitNanos) {
    this.ttlNanos = ttlNanos;
    this.longestWaitNanos = longestWaitNanos;
  }

  long ttlNanos() {
    return ttlNanos;
  }

  long longestWaitNanos() {
    return longestWaitNanos;
  }

  boolean is(long ttl, long longestWait) {
    return ttlNanos == ttl && longestWaitNanos == longestWait;
  }

  @Nullable QueuedRequest first() {
    return first;
  }

  void add(QueuedRequest request) {
    request.previousAsPatient(last);
    if (last == null) {
      first = request;
    } else {
      last.nextAsPatient(request);
    }
    last = request;
  }

  /** The request must be in the list. */
  void remove(QueuedRequest request) {
    var previous = request.previousAsPatient();
    var next = request.nextAsPatient();
    if (previous == null) {
      first = next;
    } else {
      previous.nextAsPatient(next);
    }
    if (next == null) {
      last = previous;
    } else {
      next.previousAsPatient(previous);
    }
    request.previousAsPatient(null);
    request.nextAsPatient(null);
  }
}
