package dev.sluice.flowcontrol.plugins.cost;

import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.types.Cost;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.Usage;

/**
 * Charges so much per prompt token and so much per generated token; prompt tokens found in a prefix
 * cache may cost less:
 *
 * <pre>
 *   cost = inputWeight * (input - cached) + cachedInputWeight * cached + outputWeight * output
 * </pre>
 *
 * <p>An estimate takes the part of the prompt that the request expects to be cached. An actual cost
 * takes the cached tokens that the endpoint reported. With a {@code cachedInputWeight} of 0 to 0.1
 * a flow pays for what it makes the pool compute; as long as it is {@link Parameters#AS_INPUT} a
 * hit is no advantage. O(1). The weights are those of VTC (Sheng et al., OSDI 2024). Type {@code
 * weighted-tokens}. Stateless.
 */
public final class WeightedTokens implements CostModel {
  private static final long MOST_TOKENS = 1L << 40;
  private static final long LARGEST_COST = 1L << 52;

  /**
   * Parameters of {@code weighted-tokens}. Immutable. Weights are per token and at most 1,000,000.
   *
   * @param inputWeight the cost of an uncached prompt token, at least 0. Raise it if the servers
   *     spend most of their time on prompts
   * @param outputWeight the cost of a generated token, at least 0. Set it to the time of a
   *     generated token in comparison with that of a prompt token
   * @param cachedInputWeight the cost of a cached prompt token, at most {@code inputWeight}; -1
   *     means the same as uncached. Set it to a small number if tenants that reuse prefixes should
   *     be charged less
   */
  public record Parameters(double inputWeight, double outputWeight, double cachedInputWeight) {

    /** Stands for "cached prompt tokens cost what uncached ones do". */
    public static final double AS_INPUT = -1.0;

    /** Prompt tokens cost 1, cached or not, generated ones 2. */
    public static final Parameters DEFAULT = new Parameters(1.0, 2.0, AS_INPUT);

    private static final double LARGEST_WEIGHT = 1e6;

    /** Rejects weights outside their ranges. */
    public Parameters {
      check("inputWeight", inputWeight);
      check("outputWeight", outputWeight);
      if (cachedInputWeight != AS_INPUT
          && !(cachedInputWeight >= 0 && cachedInputWeight <= inputWeight)) {
        throw new IllegalArgumentException(
            "cachedInputWeight: got " + cachedInputWeight + ", allowed 0 to inputWeight, or -1");
      }
      if (inputWeight == 0 && outputWeight == 0) {
        throw new IllegalArgumentException(
            "inputWeight: got 0 and outputWeight 0, allowed at most one of them 0");
      }
    }

    private static void check(String name, double weight) {
      if (!(weight >= 0 && weight <= LARGEST_WEIGHT)) {
        throw new IllegalArgumentException(name + ": got " + weight + ", allowed 0 to 1,000,000");
      }
    }
  }

  private final double inputWeight;
  private final double outputWeight;
  private final double cachedInputWeight;

  /** A model with these parameters. */
  public WeightedTokens(Parameters parameters) {
    inputWeight = parameters.inputWeight();
    outputWeight = parameters.outputWeight();
    cachedInputWeight =
        parameters.cachedInputWeight() == Parameters.AS_INPUT
            ? inputWeight
            : parameters.cachedInputWeight();
  }

  @Override
  public long estimate(FlowControlRequest request, long inputTokens, long outputTokens) {
    var cached = request.cachedPartOf(inputTokens);
    return Math.max(1, cost(inputTokens - cached, cached, outputTokens));
  }

  @Override
  public long actual(Usage usage) {
    return cost(
        usage.inputTokens() - usage.cachedInputTokens(),
        usage.cachedInputTokens(),
        usage.outputTokens());
  }

  private long cost(long uncached, long cached, long output) {
    return Math.min(
        LARGEST_COST,
        part(uncached, inputWeight) + part(cached, cachedInputWeight) + part(output, outputWeight));
  }

  /** One part's cost, held to a range in which sums cannot overflow. */
  private static long part(long tokens, double weight) {
    return Math.min(LARGEST_COST, Cost.of(Math.min(tokens, MOST_TOKENS), weight));
  }
}
