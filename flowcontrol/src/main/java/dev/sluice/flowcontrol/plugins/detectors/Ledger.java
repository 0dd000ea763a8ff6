package dev.sluice.flowcontrol.plugins.detectors;

import dev.sluice.flowcontrol.contracts.CapacityGate;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.reading.Checks;
import java.time.Duration;

/**
 * Judges the pool by the free room that this process's own ledger shows, and by samples only for
 * what it cannot know itself. Per endpoint:
 *
 * <pre>
 *   own       requests dispatched to it and not ended                                  (exact)
 *   foreign   max(0, running + waiting of the sample - own when it was taken)
 *   limit     L + headroom with L fixed, or L if it is learned
 *   kv        tokens in the KV cache when sampled + sum over requests since then of
 *             (uncached prompt + half the predicted output) - the same of those that left
 *   ratio     max((own + foreign) / limit, kv / (kvLimit * kvCapacity))
 *
 *   saturation = 1 - sum of weight * max(0, 1 - ratio) / sum of weight
 * </pre>
 *
 * <p>over the healthy endpoints that serve a class, weighted by {@code capacityWeight}. Each
 * endpoint is clipped for itself: saturation is 1.0 if and only if none of them has room, and one
 * that is overloaded hides no room of another. A request that is dispatched and not bound yet takes
 * its share of the room that is left, so that dispatching stops exactly where the room ends. Bind
 * every request where endpoints are sampled: an unbound one counts as ours and in the samples, too.
 *
 * <p>L is learned from samples, {@code learningInterval} apart, and only while it binds. It grows
 * in doubling steps until requests wait in the endpoint although as many run as ever ran; from then
 * on it is the most that ran. A preemption or a KV cache that is nearly full cuts it by a tenth. If
 * an endpoint was never sampled, L is learned in the same way from its answers, as {@link Answers}
 * says.
 *
 * <p>A sample's age decides what is believed of an endpoint:
 *
 * <pre>
 *   below staleAfter       the sample, and the ledger since
 *   staleAfter or more     the ledger, and the average foreign load up to half of the limit; L
 *                          frozen, of the limit staleFactor
 *   never sampled          the ledger alone, L learned from answers
 *   unhealthy              nothing: it does not count
 * </pre>
 *
 * <p>So an outage of scraping neither halts a pool nor lets it be flooded. A KV utilisation that is
 * no number leaves its endpoint no room. Type {@code ledger}. Immutable; its gate runs under the
 * core's lock.
 */
public final class Ledger implements SaturationDetector {

  /**
   * Parameters of {@code ledger}. Immutable.
   *
   * @param fixedLimit the requests that an endpoint serves at once; 0 means that the limit is
   *     learned. Set it if the limit is known, such as {@code --max-num-seqs} of vLLM or {@code
   *     --parallel} of llama.cpp
   * @param startLimit the limit, in requests, of an endpoint of which nothing was learned, above 0.
   *     An endpoint that shows what waits in it starts with at most 8 all the same, and doubles.
   *     Raise it if endpoints without metrics start too slowly
   * @param minLimit the least limit that is learned, in requests, above 0, at most {@code
   *     startLimit}. Raise it if a small number of requests is always safe
   * @param maxLimit the largest limit that is learned, in requests, at least {@code startLimit}.
   *     Lower it to cap what one endpoint may get
   * @param headroom how many requests an endpoint is given beyond a fixed limit, at least 0; a
   *     learned limit has none. Without it a fixed limit is the limit. Raise it by one or two if
   *     the endpoint idles between requests
   * @param kvLimit the used part of the KV cache at which an endpoint is full, above 0, at most 1.
   *     Lower it if the model servers preempt requests
   * @param staleAfter the age from which a sample is not believed, above 0. Keep it at many periods
   *     of {@code pool.metricsPeriod}; raise it if scraping fails often
   * @param staleFactor the part of its limit that an endpoint is given while its samples are stale,
   *     above 0, at most 1. Lower it if other senders use the endpoints, too
   * @param visibilityDelay how long a dispatch may take to show in a sample's KV cache, at least 0.
   *     Raise it if the servers update their metrics rarely
   * @param learningInterval the least time between two steps of the learned limit, at least 0.
   *     Raise it if the limit swings, lower it to learn faster
   */
  public record Parameters(
      int fixedLimit,
      int startLimit,
      int minLimit,
      int maxLimit,
      int headroom,
      double kvLimit,
      Duration staleAfter,
      double staleFactor,
      Duration visibilityDelay,
      Duration learningInterval) {

    /** Learned between 1 and 4096, from 8 on; samples are believed for 5 s. */
    public static final Parameters DEFAULT =
        new Parameters(
            0,
            8,
            1,
            4096,
            0,
            0.9,
            Duration.ofSeconds(5),
            0.8,
            Duration.ofMillis(100),
            Duration.ofMillis(200));

    private static final int LARGEST_LIMIT = 1 << 20;

    /** Rejects values outside their ranges, naming every fault. */
    public Parameters {
      new Checks()
          .within("fixedLimit", fixedLimit, 0, LARGEST_LIMIT)
          .within("minLimit", minLimit, 1, LARGEST_LIMIT)
          .within("startLimit", startLimit, Math.max(1, minLimit), LARGEST_LIMIT)
          .within("maxLimit", maxLimit, Math.max(1, startLimit), LARGEST_LIMIT)
          .within("headroom", headroom, 0, LARGEST_LIMIT)
          .fraction("kvLimit", kvLimit)
          .positive("staleAfter", staleAfter)
          .fraction("staleFactor", staleFactor)
          .notNegative("visibilityDelay", visibilityDelay)
          .notNegative("learningInterval", learningInterval)
          .done();
    }

    /** The defaults with a fixed limit. */
    public static Parameters fixed(int limit) {
      return DEFAULT.withFixedLimit(limit);
    }

    private Parameters withFixedLimit(int limit) {
      return new Parameters(
          limit,
          startLimit,
          minLimit,
          maxLimit,
          headroom,
          kvLimit,
          staleAfter,
          staleFactor,
          visibilityDelay,
          learningInterval);
    }
  }

  private final Parameters parameters;

  /** A detector with these parameters. */
  public Ledger(Parameters parameters) {
    this.parameters = parameters;
  }

  @Override
  public CapacityGate newGate() {
    return new LedgerGate(parameters);
  }

  @Override
  public Duration staleAfter() {
    return parameters.staleAfter();
  }
}
