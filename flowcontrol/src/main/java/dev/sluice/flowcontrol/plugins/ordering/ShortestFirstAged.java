package dev.sluice.flowcontrol.plugins.ordering;

import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.QueueCapability;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.types.Cost;
import java.time.Duration;
import java.util.Set;

/**
 * Orders the requests of a flow by {@code arrival + predicted cost * delayPerToken}, the smallest
 * first. This is shortest job first with linear ageing. All requests age alike, so the key of a
 * request does not change while it waits. A request waits only for requests that arrived before the
 * time that its key names, so the mean wait is short and no request starves. Without ageing,
 * shortest job first has the least mean wait and no bound. O(log n) in a heap of n requests. Type
 * {@code sjf-aged}. Stateless.
 */
public final class ShortestFirstAged implements IntraFlowDispatchPolicy {
  private static final double FARTHEST_NANOS = 0x1p60;

  /**
   * Parameters of {@code sjf-aged}. Immutable.
   *
   * @param delayPerToken the time that each weighted token adds to a request's key, at least 0.
   *     Raise it for a shorter mean wait, lower it for a shorter longest wait. Zero gives first
   *     come, first served; a long time gives shortest first with hardly any ageing
   */
  public record Parameters(Duration delayPerToken) {

    /** 20 ms, which is about the time in which a token is generated. */
    public static final Parameters DEFAULT = new Parameters(Duration.ofMillis(20));

    /** Rejects a duration outside its range. */
    public Parameters {
      if (delayPerToken.isNegative() || delayPerToken.toHours() > 1) {
        throw new IllegalArgumentException(
            "delayPerToken: got " + delayPerToken + ", allowed 0 to 1 hour");
      }
    }
  }

  private final double nanosPerToken;

  /** Makes a policy with these parameters. */
  public ShortestFirstAged(Parameters parameters) {
    nanosPerToken = (double) parameters.delayPerToken().toNanos();
  }

  @Override
  public long orderingKey(QueueItem item) {
    var delay = Cost.tokens(item.estimatedCost()) * nanosPerToken;
    return Arrival.plus(item, (long) Math.min(delay, FARTHEST_NANOS));
  }

  @Override
  public Set<QueueCapability> requiredCapabilities() {
    return Set.of(QueueCapability.PRIORITY_ORDER);
  }
}
