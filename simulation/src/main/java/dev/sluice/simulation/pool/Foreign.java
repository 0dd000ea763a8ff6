package dev.sluice.simulation.pool;

import dev.sluice.simulation.workload.TokenLengths;

/**
 * Requests that other senders make to a server, at an even pace. Immutable.
 *
 * @param perSecond requests per second, above 0
 * @param input the lengths of the prompts, in tokens
 * @param output the lengths of the answers, in tokens
 */
public record Foreign(double perSecond, TokenLengths input, TokenLengths output) {

  /** Rejects a rate that is not above 0. */
  public Foreign {
    if (!(perSecond > 0)) {
      throw new IllegalArgumentException("foreign: got " + perSecond + " per second, allowed > 0");
    }
  }
}
