package dev.sluice.flowcontrol.plugins.cost;

import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.types.Cost;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.Usage;

/**
 * Charges the KV cache that a request occupies, times how long: its prompt is held for each of its
 * {@code output} steps, its n-th generated token for the steps that are left.
 *
 * <pre>
 *   cost = input * output + output^2 / 2          in tokens held * steps
 * </pre>
 *
 * <p>One token held for one step costs one unit of {@link Cost}, 1/1024 weighted token, so that a
 * context of 1024 tokens costs one weighted token per generated one. Token counts beyond 2^25 (33
 * million) count as that, which keeps any cost below 2^51. A prompt found in a prefix cache
 * occupies as much as any other. A request that generates nothing is charged the least there is.
 * For pools that long contexts fill; a bill is easier to explain in {@code weighted-tokens}. To
 * charge memory rather than tokens is the idea of Justitia (arXiv 2510.17015). Type {@code
 * kv-token-time}. Stateless.
 */
public final class KvTokenTime implements CostModel {
  private static final long MOST_TOKENS = 1L << 25;

  /** A cost model. */
  public KvTokenTime() {}

  @Override
  public long estimate(FlowControlRequest request, long inputTokens, long outputTokens) {
    return Math.max(1, cost(inputTokens, outputTokens));
  }

  @Override
  public long actual(Usage usage) {
    return cost(usage.inputTokens(), usage.outputTokens());
  }

  private static long cost(long inputTokens, long outputTokens) {
    var input = Math.min(MOST_TOKENS, inputTokens);
    var output = Math.min(MOST_TOKENS, outputTokens);
    return input * output + output * output / 2;
  }
}
