package dev.sluice.endpoints.health;

/**
 * The numbers of checks in a row that change an endpoint's health. Immutable.
 *
 * @param failures failed checks in a row that make a healthy endpoint unhealthy, at least 1
 * @param successes passed checks in a row that make an unhealthy endpoint healthy again, at least 1
 */
public record HealthThresholds(int failures, int successes) {
  /** Three failures, two successes. */
  public static final HealthThresholds DEFAULT = new HealthThresholds(3, 2);

  /** Rejects numbers below 1. */
  public HealthThresholds {
    if (failures < 1 || successes < 1) {
      throw new IllegalArgumentException(
          "health thresholds: got " + failures + " and " + successes + ", allowed >= 1");
    }
  }
}
