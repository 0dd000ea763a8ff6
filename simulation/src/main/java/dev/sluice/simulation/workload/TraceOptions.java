package dev.sluice.simulation.workload;

/**
 * The options for the replay of a recorded trace. Immutable.
 *
 * @param timeScale the factor for the time between arrivals: 0.5 is twice as fast; > 0
 * @param tenants 0 keeps the trace's tenants; 1 gives all requests to one tenant; n splits the
 *     requests over n tenants by a seeded hash of their positions
 * @param tenant the name of the tenant, or the start of the tenants' names, if the trace has none
 * @param priority the priority of requests if the trace names none
 * @param sloNanos the time to first token that clients hope for if the trace names none, or -1
 * @param repeat the number of times that the trace is played, end to end; at least 1
 * @param limit the largest number of requests; at least 1
 * @param seed the seed of the split
 */
public record TraceOptions(
    double timeScale,
    int tenants,
    String tenant,
    int priority,
    long sloNanos,
    int repeat,
    long limit,
    long seed) {

  /** Replays the trace once, as it was recorded. */
  public static final TraceOptions DEFAULT =
      new TraceOptions(1, 0, "trace", 0, -1, 1, Long.MAX_VALUE, 0);

  public TraceOptions {
    if (!(timeScale > 0) || timeScale > 1e6) {
      throw new IllegalArgumentException("timeScale: got " + timeScale + ", allowed > 0 to 1e6");
    }
    if (tenants < 0) {
      throw new IllegalArgumentException("tenants: got " + tenants + ", allowed >= 0");
    }
    if (tenant.isBlank()) {
      throw new IllegalArgumentException("tenant: is blank");
    }
    if (repeat < 1) {
      throw new IllegalArgumentException("repeat: got " + repeat + ", allowed >= 1");
    }
    if (limit < 1) {
      throw new IllegalArgumentException("limit: got " + limit + ", allowed >= 1");
    }
  }

  /** These options with another seed. */
  public TraceOptions withSeed(long seed) {
    return new TraceOptions(timeScale, tenants, tenant, priority, sloNanos, repeat, limit, seed);
  }
}
