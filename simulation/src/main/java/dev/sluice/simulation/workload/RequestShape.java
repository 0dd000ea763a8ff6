package dev.sluice.simulation.workload;

import java.util.List;
import java.util.SplittableRandom;

/**
 * What the requests of a source are like. Immutable.
 *
 * @param input prompt tokens
 * @param output tokens that the model would generate, if nothing cut the answer short
 * @param cachedShare the part of each prompt that a prefix cache holds, 0 to 1
 * @param maxOutputTokens the limit that the client sets, or -1 for none; longer answers end there
 * @param sloNanos the time to first token that the client hopes for, or -1
 * @param ttlNanos how long a request may wait, or -1 for as long as the configuration says
 */
public record RequestShape(
    TokenLengths input,
    TokenLengths output,
    double cachedShare,
    long maxOutputTokens,
    long sloNanos,
    long ttlNanos) {

  /** Bytes of a request's body for each prompt token, about. */
  static final long BYTES_PER_TOKEN = 4;

  public RequestShape {
    if (!(cachedShare >= 0 && cachedShare <= 1)) {
      throw new IllegalArgumentException("cached: got " + cachedShare + ", allowed 0 to 1");
    }
    notZero("maxOutput", maxOutputTokens);
    notZero("slo", sloNanos);
    notZero("ttl", ttlNanos);
  }

  /** Requests without a cached prefix, limit, objective or time to live. */
  public static RequestShape of(TokenLengths input, TokenLengths output) {
    return new RequestShape(input, output, 0, -1, -1, -1);
  }

  /** As this, with a time to first token that the client hopes for. */
  public RequestShape withSlo(long sloNanos) {
    return new RequestShape(input, output, cachedShare, maxOutputTokens, sloNanos, ttlNanos);
  }

  /** As this, with a longest wait. */
  public RequestShape withTtl(long ttlNanos) {
    return new RequestShape(input, output, cachedShare, maxOutputTokens, sloNanos, ttlNanos);
  }

  /** As this, with the client's limit on generated tokens. */
  public RequestShape withMaxOutput(long maxOutputTokens) {
    return new RequestShape(input, output, cachedShare, maxOutputTokens, sloNanos, ttlNanos);
  }

  /** One request. */
  Arrival draw(Caller caller, long atNanos, SplittableRandom random) {
    var prompt = input.sample(random);
    var answer = output.sample(random);
    return new Arrival(
        atNanos,
        caller.tenant(),
        caller.flow(),
        caller.priority(),
        caller.model(),
        caller.adapter(),
        prompt,
        (long) (prompt * cachedShare),
        maxOutputTokens < 0 ? answer : Math.min(answer, maxOutputTokens),
        maxOutputTokens,
        sloNanos,
        ttlNanos,
        prompt * BYTES_PER_TOKEN,
        List.of());
  }

  private static void notZero(String name, long value) {
    if (value == 0 || value < -1) {
      throw new IllegalArgumentException(name + ": got " + value + ", allowed > 0, or -1 for none");
    }
  }
}
