package dev.sluice.flowcontrol.types;

import java.time.Duration;

/**
 * The answer to an offered request: dispatched, rejected or evicted. A refusal is a value and not
 * an exception, because refusing is the normal path under load. Immutable.
 */
public sealed interface Admission {

  /** The outcome under which metrics count this answer. */
  QueueOutcome outcome();

  /** The time that the request waited, from its offer to this outcome. At least zero. */
  Duration waited();

  /**
   * The request was dispatched and may be sent on. Immutable, except for the permit, which is
   * thread-safe.
   *
   * @param permit the capacity that the request holds; must be closed exactly once
   */
  record Dispatched(Permit permit, Duration waited) implements Admission {
    @Override
    public QueueOutcome outcome() {
      return QueueOutcome.DISPATCHED;
    }
  }

  /**
   * The request was refused without being queued. Immutable.
   *
   * @param detail one sentence for people that names the limit and its value
   * @param retryAfter the time until a retry has a chance; zero if unknown
   */
  record Rejected(RejectReason reason, String detail, Duration waited, Duration retryAfter)
      implements Admission {
    @Override
    public QueueOutcome outcome() {
      return reason.outcome();
    }
  }

  /**
   * The request was queued, and left its queue without being dispatched. Immutable.
   *
   * @param detail one sentence for people that says why
   * @param retryAfter the time until a retry has a chance; zero if unknown
   */
  record Evicted(EvictReason reason, String detail, Duration waited, Duration retryAfter)
      implements Admission {
    @Override
    public QueueOutcome outcome() {
      return reason.outcome();
    }
  }
}
