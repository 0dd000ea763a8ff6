package dev.sluice.simulation.workload;

/**
 * How a recorded trace is replayed. Immutable.
 *
 * @param timeScale what the time between arrivals is multiplied with: 0.5 is twice as fast; > 0
 * @param tenants 0 keeps the trace's tenants; 1 makes all requests one tenant's; n splits them over
 *     n tenants, a seeded hash of each request's position deciding whose it is
 * @param tenant the name of the tenant, or the start of their names, where the trace has none
 * @param priority the band of requests whose trace names none
 * @param sloNanos the time to first token hoped for where the trace names none, or -1
 * @param repeat how often the trace is played, end to end; at least 1
 * @param limit the most requests; at least 1
 * @param seed for the split
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

  /** As recorded, once. */
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

  /** As this, with another seed. */
  public TraceOptions withSeed(long seed) {
    return new TraceOptions(timeScale, tenants, tenant, priority, sloNanos, repeat, limit, seed);
  }
}
