package dev.sluice.flowcontrol.types;

import java.time.Duration;

/**
 * What became of a request that was offered. Refusal is a value: under load it is the normal path.
 * Immutable.
 */
public sealed interface Admission {

  /** The outcome that metrics count. */
  QueueOutcome outcome();

  /** How long the request waited, from its offer to this outcome. At least zero. */
  Duration waited();

  /**
   * The request may go on. Immutable, but for the permit, which is thread-safe.
   *
   * @param permit returns the request's capacity, and must be closed exactly once
   */
  record Dispatched(Permit permit, Duration waited) implements Admission {
    @Override
    public QueueOutcome outcome() {
      return QueueOutcome.DISPATCHED;
    }
  }

  /**
   * The request was never queued. Immutable.
   *
   * @param detail one sentence for people: which limit, with its value
   * @param retryAfter when a retry has a chance; zero if unknown
   */
  record Rejected(RejectReason reason, String detail, Duration waited, Duration retryAfter)
      implements Admission {
    @Override
    public QueueOutcome outcome() {
      return reason.outcome();
    }
  }

  /**
   * The request was queued and left its queue without being dispatched. Immutable.
   *
   * @param detail one sentence for people
   * @param retryAfter when a retry has a chance; zero if unknown
   */
  record Evicted(EvictReason reason, String detail, Duration waited, Duration retryAfter)
      implements Admission {
    @Override
    public QueueOutcome outcome() {
      return reason.outcome();
    }
  }
}
