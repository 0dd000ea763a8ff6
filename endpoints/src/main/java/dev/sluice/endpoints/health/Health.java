package dev.sluice.endpoints.health;

/**
 * Whether one endpoint may get requests, by the checks that it passed and failed.
 *
 * <p>It starts unchecked, which is not healthy, and the first passed check makes it healthy. After
 * that the thresholds hold. A connection that fails while a request is on its way makes a healthy
 * endpoint suspect at once: it gets no requests until one passed check clears it or one failed
 * check confirms it.
 *
 * <p>Not thread-safe.
 */
public final class Health {

  /** What is thought of the endpoint. */
  public enum State {
    /** No check has come back yet. */
    UNCHECKED,
    /** It may get requests. */
    HEALTHY,
    /** A connection failed since the last check. */
    SUSPECT,
    /** It failed its checks. */
    UNHEALTHY
  }

  private HealthThresholds thresholds;
  private State state = State.UNCHECKED;
  private int failures;
  private int successes;

  /** Unchecked. */
  public Health(HealthThresholds thresholds) {
    this.thresholds = thresholds;
  }

  /** Holds from the next check. */
  public void reconfigure(HealthThresholds thresholds) {
    this.thresholds = thresholds;
  }

  /** What is thought of it now. */
  public State state() {
    return state;
  }

  /** Whether it may get requests. */
  public boolean isHealthy() {
    return state == State.HEALTHY;
  }

  /** A check passed. Returns whether that changed {@link #isHealthy}. */
  public boolean passed() {
    failures = 0;
    successes++;
    return switch (state) {
      case HEALTHY -> false;
      case UNCHECKED, SUSPECT -> become(State.HEALTHY);
      case UNHEALTHY -> successes >= thresholds.successes() && become(State.HEALTHY);
    };
  }

  /** A check failed. Returns whether that changed {@link #isHealthy}. */
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

  /** A connection for a request failed. Returns whether that changed {@link #isHealthy}. */
  public boolean suspected() {
    successes = 0;
    return state == State.HEALTHY && become(State.SUSPECT);
  }

  private boolean become(State next) {
    state = next;
    return true;
  }
}
