package dev.sluice.flowcontrol.contracts;

import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.QueueOutcome;
import dev.sluice.flowcontrol.types.RejectReason;
import dev.sluice.flowcontrol.types.Usage;

/**
 * Watches the engine's decisions, for metrics, traces, logs or audits. The thread that decided
 * calls the observer after it has released the core's lock. So calls of different threads may
 * arrive out of order; {@code sequence} numbers the events in the order of the decisions, from 1
 * without gaps. If a method throws, the exception is counted and does not reach the engine's
 * callers.
 *
 * <p>Implementations must be thread-safe and must not block, because every method is on the hot
 * path.
 */
public interface EngineObserver {

  /** A request entered a queue. */
  default void queued(long sequence, long nowNanos, FlowControlRequest request) {}

  /**
   * A request got a permit: from its queue, or at once if it did not have to wait.
   *
   * @param waitedNanos the time since its offer, at least 0
   * @param fromQueue whether {@link #queued} was reported for the request before
   * @param reservedTurn whether the band was served because a share is reserved for it
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
   * @param usage the tokens that the request used, as reported or, if nothing was, as estimated
   * @param ranNanos the time since the dispatch
   * @param reclaimed whether the engine took the permit back because it was not returned in time
   */
  default void returned(
      long sequence,
      long nowNanos,
      FlowControlRequest request,
      Usage usage,
      long ranNanos,
      boolean reclaimed) {}

  /** The engine got a new picture of the pool, of this saturation. */
  default void poolChanged(long sequence, long nowNanos, double saturation) {}

  /** A new configuration took effect. */
  default void reconfigured(long sequence, long nowNanos) {}

  /** A flow without requests was forgotten. Metric series of this flow may be removed. */
  default void flowCollected(long sequence, long nowNanos, FlowKey flow) {}

  /** A plugin threw an exception, and the engine went on without the plugin's answer. */
  default void fault(long sequence, long nowNanos, String plugin, Throwable cause) {}

  /** The code whose exception {@link #failed} reports. */
  enum Source {
    /** A caller's receiver of an outcome. If it was given a permit, the permit was returned. */
    RECEIVER,
    /** An observer. The other observers were told. */
    OBSERVER,
    /** The alarm's round of decisions, which is tried again a second later. */
    ALARM,
    /** An operation that a caller had left to the thread that decides. */
    OPERATION
  }

  /**
   * Code outside the core threw, and the engine went on: every other outcome was delivered. This
   * call has no sequence number. If the observer throws here, that is only logged.
   */
  default void failed(Source source, Throwable cause) {}

  /**
   * The number of operations for each one that the engine times for {@link #decided} and {@link
   * #offered}. The default, 0, asks for no timing and costs nothing. A prime number does not fall
   * into step with operations that alternate. Asked once, when the engine is built; if observers
   * give different numbers, the smallest above 0 applies to all.
   */
  default int timedOneIn() {
    return 0;
  }

  /**
   * The core's lock was held for one timed operation and the dispatches that followed from it.
   *
   * @param heldNanos the time for which the lock was held, at least 0
   */
  default void decided(long heldNanos) {}

  /**
   * A timed offer has been queued or decided. This call has no sequence number; it comes after the
   * events of the same request.
   *
   * @param outcome {@link QueueOutcome#NOT_YET_FINALIZED} if the request was queued, else the
   *     outcome that was decided at once
   * @param tookNanos the time from the call until the request was queued or decided, including the
   *     wait for the core's lock; at least 0
   */
  default void offered(FlowControlRequest request, QueueOutcome outcome, long tookNanos) {}
}
