package dev.sluice.flowcontrol.plugins.ordering;

import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.QueueCapability;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import java.time.Duration;
import java.util.Set;

/**
 * Orders the requests of a flow by deadline, the earliest first, and sheds a request that can no
 * longer meet its target. Plain earliest-deadline-first is best while all deadlines can be met.
 * Under overload it is worst, because it spends the pool on requests that are late already. Type
 * {@code edf-feasible}. Stateless.
 *
 * <pre>
 *   deadline    arrival + its SLO target, its own deadline, whichever is first;
 *               without either arrival + defaultSlo, which orders it but never sheds it
 *   order       deadline + reading, for reading = uncached prompt tokens / prefillTokensPerSecond
 *   shed iff    now + reading &gt; arrival + SLO target
 * </pre>
 *
 * <p>Reading time counts against a request in the order: under overload some requests must be shed,
 * and the long prompts are those whose time serves most others (Moore and Hodgson, 1968). At 1.2
 * and 1.5 times the load that can be served, 0.3 and 0.4 % more targets are met than in the order
 * of deadlines alone. Without overload no request waits long enough for it to matter.
 *
 * <p>Because of the rule for shedding, a request that cannot meet its target any more is never
 * dispatched, and one that is too late on arrival is refused at once. A request whose own deadline
 * has passed is expired by the engine. O(log n) in a heap of n requests, and O(log n) again for
 * each request that is shed. The order has the bound of {@link EarliestDeadlineFirst}. Koren and
 * Shasha (D-over, 1992) show how little an order that does not know the future can promise under
 * overload.
 */
public final class FeasibleDeadlineFirst implements IntraFlowDispatchPolicy {
  private static final double NANOS_PER_SECOND = 1e9;

  /** Nine years, so that no sum of times overflows. */
  private static final long LONGEST_READING = 1L << 58;

  /**
   * Parameters of {@code edf-feasible}. Immutable.
   *
   * @param defaultSlo the time to the first token by which a request without target and deadline is
   *     ordered, above 0. Set it to the wait that clients without targets accept
   * @param prefillTokensPerSecond the speed at which a model server reads a prompt, in tokens per
   *     second, above 0. Set it to the measured speed, because the latest start of a request
   *     depends on it
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

  /** Makes a policy with these parameters. */
  public FeasibleDeadlineFirst(Parameters parameters) {
    defaultSloNanos = parameters.defaultSlo().toNanos();
    nanosPerToken = NANOS_PER_SECOND / parameters.prefillTokensPerSecond();
  }

  @Override
  public long orderingKey(QueueItem item) {
    var request = item.request();
    var hard = request.deadlineNanos();
    var soft =
        request.sloNanos() == FlowControlRequest.UNSET
            ? Arrival.of(item) + defaultSloNanos
            : sloDeadline(item);
    var isSoftFirst =
        hard == FlowControlRequest.UNSET
            || (request.sloNanos() != FlowControlRequest.UNSET && soft - hard < 0);
    return (isSoftFirst ? soft : hard) + readingNanos(item);
  }

  private long readingNanos(QueueItem item) {
    return Math.min(LONGEST_READING, (long) (item.uncachedInputTokens() * nanosPerToken));
  }

  @Override
  public boolean isHopeless(QueueItem item, long nowNanos) {
    if (item.request().sloNanos() == FlowControlRequest.UNSET) {
      return false;
    }
    return nowNanos + readingNanos(item) - sloDeadline(item) > 0;
  }

  private static long sloDeadline(QueueItem item) {
    return Arrival.plus(item, item.request().sloNanos());
  }

  @Override
  public Set<QueueCapability> requiredCapabilities() {
    return Set.of(QueueCapability.PRIORITY_ORDER);
  }
}
