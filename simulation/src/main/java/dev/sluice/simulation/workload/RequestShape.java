package dev.sluice.simulation.workload;

import java.util.List;
import java.util.SplittableRandom;

/**
 * The properties of a source's requests. Immutable.
 *
 * @param input prompt tokens
 * @param output tokens that the model would generate without a limit
 * @param cachedShare the part of each prompt that a prefix cache holds, 0 to 1
 * @param maxOutputTokens the limit that the client sets, or -1 for none; longer answers end there
 * @param sloNanos the time to first token that the client hopes for, or -1
 * @param ttlNanos the time that a request may wait, or -1 for the configured time
 */
public record RequestShape(
    TokenLengths input,
    TokenLengths output,
    double cachedShare,
    long maxOutputTokens,
    long sloNanos,
    long ttlNanos) {

  /** Approximate bytes of a request's body for each prompt token. */
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

  /** This shape with a time to first token that the client hopes for. */
  public RequestShape withSlo(long sloNanos) {
    return new RequestShape(input, output, cachedShare, maxOutputTokens, sloNanos, ttlNanos);
  }

  /** This shape with a longest wait. */
  public RequestShape withTtl(long ttlNanos) {
    return new RequestShape(input, output, cachedShare, maxOutputTokens, sloNanos, ttlNanos);
  }

  /** This shape with a client's limit on generated tokens. */
  public RequestShape withMaxOutput(long maxOutputTokens) {
    return new RequestShape(input, output, cachedShare, maxOutputTokens, sloNanos, ttlNanos);
  }

  /** Draws one request. */
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
