package dev.sluice.flowcontrol.plugins.ordering;

import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.QueueCapability;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import java.time.Duration;
import java.util.Set;

/**
 * Serves a flow's request with the earliest deadline first, and sheds one that can no longer make
 * it: plain earliest-deadline-first is best while all deadlines can be met and worst under
 * overload, where it spends the pool on requests that are late already. Type {@code edf-feasible}.
 * Stateless.
 *
 * <pre>
 *   deadline    arrival + its SLO target, its own deadline, whichever is first;
 *               without either arrival + defaultSlo, which orders it but never sheds it
 *   shed iff    now + uncached prompt tokens / prefillTokensPerSecond &gt; arrival + SLO target
 * </pre>
 *
 * <p>So no request is dispatched that must miss its target, and one that is too late on arrival is
 * refused at once. One whose own deadline has passed is expired by the engine. O(log n) in a heap
 * of n requests, and for each that is shed. The bound of the order is {@link
 * EarliestDeadlineFirst}'s; how little any order can promise under overload, when it does not know
 * what will come, is the subject of D-over (Koren and Shasha, 1992).
 */
public final class FeasibleDeadlineFirst implements IntraFlowDispatchPolicy {
  private static final double NANOS_PER_SECOND = 1e9;
  private static final double FARTHEST_NANOS = 0x1p60;

  /**
   * The parameters. Immutable.
   *
   * @param defaultSlo where a request without SLO and deadline stands, from its arrival, above 0
   * @param prefillTokensPerSecond how fast a model server reads a prompt, above 0
   */
  public record Parameters(Duration defaultSlo, double prefillTokensPerSecond) {

    /** 60 s, 8,000 tokens a second. */
    public static final Parameters DEFAULT = new Parameters(Duration.ofSeconds(60), 8_000);

    /** Rejects values outside their ranges. */
    public Parameters {
      if (defaultSlo.isNegative() || defaultSlo.isZero() || defaultSlo.toDays() > 365) {
        throw new IllegalArgumentException(
            "defaultSlo: got " + defaultSlo + ", allowed above 0, at most 365 days");
      }
      if (!(prefillTokensPerSecond > 0)) {
        throw new IllegalArgumentException(
            "prefillTokensPerSecond: got " + prefillTokensPerSecond + ", allowed above 0");
      }
    }
  }

  private final long defaultSloNanos;
  private final double nanosPerToken;

  /** A policy with these parameters. */
  public FeasibleDeadlineFirst(Parameters parameters) {
    defaultSloNanos = parameters.defaultSlo().toNanos();
    nanosPerToken = NANOS_PER_SECOND / parameters.prefillTokensPerSecond();
  }

  @Override
  public long orderingKey(QueueItem item) {
    var request = item.request();
    var hard = request.deadlineNanos();
    if (request.sloNanos() == FlowControlRequest.UNSET) {
      return hard == FlowControlRequest.UNSET ? Arrival.of(item) + defaultSloNanos : hard;
    }
    var soft = sloDeadline(item);
    return hard == FlowControlRequest.UNSET || soft - hard < 0 ? soft : hard;
  }

  @Override
  public boolean isHopeless(QueueItem item, long nowNanos) {
    if (item.request().sloNanos() == FlowControlRequest.UNSET) {
      return false;
    }
    var prefill = (long) Math.min(item.uncachedInputTokens() * nanosPerToken, FARTHEST_NANOS);
    return nowNanos + prefill - sloDeadline(item) > 0;
  }

  private static long sloDeadline(QueueItem item) {
    return Arrival.plus(item, item.request().sloNanos());
  }

  @Override
  public Set<QueueCapability> requiredCapabilities() {
    return Set.of(QueueCapability.PRIORITY_ORDER);
  }
}
