package dev.sluice.flowcontrol.contracts;

import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.QueueOutcome;
import dev.sluice.flowcontrol.types.RejectReason;
import dev.sluice.flowcontrol.types.Usage;

/**
 * Watches the engine's decisions: metrics, traces, logs, audits. Called after the core's lock is
 * released, by whichever thread decided, so calls of different threads may arrive out of order;
 * {@code sequence} numbers the events in the order of the decisions, from 1 without gaps. An
 * exception is counted and does not reach the engine's callers.
 *
 * <p>Thread-safe implementations only. Each method is on the hot path: must not block.
 */
public interface EngineObserver {

  /** A request entered a queue. */
  default void queued(long sequence, long nowNanos, FlowControlRequest request) {}

  /**
   * A request got a permit, from its queue or, where it never had to wait, at once.
   *
   * @param waitedNanos from its offer, at least 0
   * @param fromQueue whether {@link #queued} was reported for it
   * @param reservedTurn whether its band was served by right of a reservation
   */
  default void dispatched(
      long sequence,
      long nowNanos,
      FlowControlRequest request,
      long waitedNanos,
      boolean fromQueue,
      boolean reservedTurn) {}

  /** A request was refused before it was queued. */
  default void rejected(
      long sequence, long nowNanos, FlowControlRequest request, RejectReason reason) {}

  /** A queued request left without a permit. */
  default void evicted(
      long sequence,
      long nowNanos,
      FlowControlRequest request,
      EvictReason reason,
      long waitedNanos) {}

  /**
   * A permit came back.
   *
   * @param usage what the request used, as reported, else as estimated
   * @param ranNanos since its dispatch
   * @param reclaimed whether it was taken back because nobody returned it in time
   */
  default void returned(
      long sequence,
      long nowNanos,
      FlowControlRequest request,
      Usage usage,
      long ranNanos,
      boolean reclaimed) {}

  /** The pool's state was replaced, and so may be its saturation. */
  default void poolChanged(long sequence, long nowNanos, double saturation) {}

  /** A new configuration took effect. */
  default void reconfigured(long sequence, long nowNanos) {}

  /** A flow without requests was forgotten; series that carry its name may go. */
  default void flowCollected(long sequence, long nowNanos, FlowKey flow) {}

  /** A plugin threw; the engine went on without its answer. */
  default void fault(long sequence, long nowNanos, String plugin, Throwable cause) {}

  /**
   * Every how many operations the engine is to time one for {@link #decided} and {@link #offered},
   * at least 1; 0, the default, for none, which costs nothing. Asked once, when the engine is
   * built; the most frequent wish counts for all observers. A prime number does not fall into step
   * with operations that alternate.
   */
  default int timedOneIn() {
    return 0;
  }

  /**
   * A timed hold of the core's lock, in which one operation was applied and what had room was
   * dispatched.
   *
   * @param heldNanos for how long, at least 0
   */
  default void decided(long heldNanos) {}

  /**
   * A timed offer. Not an event: it has no number, and comes after those that it is about.
   *
   * @param outcome {@link QueueOutcome#NOT_YET_FINALIZED} if the request was queued, else what was
   *     decided at once
   * @param tookNanos from the call until then, the wait for the core's lock included, at least 0
   */
  default void offered(FlowControlRequest request, QueueOutcome outcome, long tookNanos) {}
}
