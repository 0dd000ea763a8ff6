package dev.sluice.endpoints.health;

/**
 * The health of one endpoint, by the checks that it passed and failed. Only a healthy endpoint gets
 * requests.
 *
 * <pre>
 *   from                 event                                       to
 *   UNCHECKED, SUSPECT   a check passed                              HEALTHY
 *   UNCHECKED, SUSPECT   a check failed                              UNHEALTHY
 *   HEALTHY              as many checks as the threshold failed      UNHEALTHY
 *   HEALTHY              a request could not connect                 SUSPECT
 *   UNHEALTHY            as many checks as the threshold passed      HEALTHY
 * </pre>
 *
 * <p>Every other event leaves the state as it is.
 *
 * <p>Not thread-safe.
 */
public final class Health {

  /** The states of an endpoint. */
  public enum State {
    /** No check has come back yet. */
    UNCHECKED,
    /** The endpoint gets requests. */
    HEALTHY,
    /** A connection has failed since the last check. */
    SUSPECT,
    /** The endpoint failed its checks. */
    UNHEALTHY
  }

  private HealthThresholds thresholds;
  private State state = State.UNCHECKED;
  private int failures;
  private int successes;

  /** The health of an endpoint that is unchecked. */
  public Health(HealthThresholds thresholds) {
    this.thresholds = thresholds;
  }

  /** Replaces the thresholds. They hold from the next check. */
  public void reconfigure(HealthThresholds thresholds) {
    this.thresholds = thresholds;
  }

  /** The present state. */
  public State state() {
    return state;
  }

  /** Whether the endpoint gets requests. */
  public boolean isHealthy() {
    return state == State.HEALTHY;
  }

  /** Counts a passed check. Returns whether that changed {@link #isHealthy}. */
  public boolean passed() {
    failures = 0;
    successes++;
    return switch (state) {
      case HEALTHY -> false;
      case UNCHECKED, SUSPECT -> become(State.HEALTHY);
      case UNHEALTHY -> successes >= thresholds.successes() && become(State.HEALTHY);
    };
  }

  /** Counts a failed check. Returns whether that changed {@link #isHealthy}. */
  public boolean failed() {
    successes = 0;
    failures++;
    return switch (state) {
      case HEALTHY -> failures >= thresholds.failures() && become(State.UNHEALTHY);
      case UNCHECKED, SUSPECT -> {
        become(State.UNHEALTHY);
        yield false;
      }
      case UNHEALTHY -> false;
    };
  }

  /** Notes a failed connection of a request. Returns whether that changed {@link #isHealthy}. */
  public boolean suspected() {
    successes = 0;
    return state == State.HEALTHY && become(State.SUSPECT);
  }

  private boolean become(State next) {
    state = next;
    return true;
  }
}
