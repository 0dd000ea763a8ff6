package dev.sluice.flowcontrol.plugins.ordering;

import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.QueueCapability;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.types.Cost;
import java.time.Duration;
import java.util.Set;

/**
 * Serves a flow's request with the smallest {@code arrival + predicted cost * delayPerToken} first:
 * the shortest job first, with linear ageing. The key does not change while a request waits,
 * because all age alike, and one waits behind those only that came before its key: the mean wait is
 * short, and nobody starves. O(log n) in a heap of n requests. After the shortest job first, which
 * has the least mean wait and no bound. Type {@code sjf-aged}. Stateless.
 */
public final class ShortestFirstAged implements IntraFlowDispatchPolicy {
  private static final double FARTHEST_NANOS = 0x1p60;

  /**
   * The parameters. Immutable.
   *
   * @param delayPerToken by how much later one weighted token lets a request seem to have come, at
   *     least 0; 0 is first come, first served, a long time is the shortest first with hardly any
   *     ageing
   */
  public record Parameters(Duration delayPerToken) {

    /** 20 ms: about the time in which a token is generated. */
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

  /** A policy with these parameters. */
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
