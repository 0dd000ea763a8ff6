package dev.sluice.simulation.pool;

import dev.sluice.simulation.workload.TokenLengths;

/**
 * Requests that reach a server without Sluice, at an even pace. Immutable.
 *
 * @param perSecond how many, above 0
 * @param input their prompt tokens
 * @param output their generated tokens
 */
public record Foreign(double perSecond, TokenLengths input, TokenLengths output) {

  /** Rejects rates that are not above 0. */
  public Foreign {
    if (!(perSecond > 0)) {
      throw new IllegalArgumentException("foreign: got " + perSecond + " per second, allowed > 0");
    }
  }
}
