package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.structures.IntrusiveList;
import org.jspecify.annotations.Nullable;

/**
 * The time that a request may wait, with the queued requests that may wait exactly this long and
 * have no deadline of their own. They are in the order of their arrival, so the time of the first
 * one is over first.
 */
final class Patience extends IntrusiveList<QueuedRequest> {
  private final long ttlNanos;
  private final long longestWaitNanos;

  /**
   * A patience that no request has yet. {@link QueuedRequest#NEVER} for either means for ever.
   *
   * @param ttlNanos the time that a request may wait while the pool has endpoints
   * @param longestWaitNanos the time that all of its waits together may take
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

  @Override
  public @Nullable QueuedRequest previous(QueuedRequest request) {
    return request.previousAsPatient();
  }

  @Override
  public @Nullable QueuedRequest next(QueuedRequest request) {
    return request.nextAsPatient();
  }

  @Override
  protected void linkPrevious(QueuedRequest request, @Nullable QueuedRequest previous) {
    request.linkPreviousAsPatient(previous);
  }

  @Override
  protected void linkNext(QueuedRequest request, @Nullable QueuedRequest next) {
    request.linkNextAsPatient(next);
  }
}
