package dev.sluice.server.demo;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The load of the demo: Poisson arrivals of four tenants, drawn from a fixed seed, so they are the
 * same in every run. Immutable.
 *
 * @param arrivals the requests, in the order of their times
 */
record DemoPlan(List<Arrival> arrivals) {
  /** Model servers in the pool. */
  static final int SERVERS = 3;

  /** Requests that one model server generates at once. */
  static final int SLOTS_PER_SERVER = 4;

  /** The time from a request's start to its first token. */
  static final Duration FIRST_TOKEN = Duration.ofMillis(60);

  /** The time from one token to the next. */
  static final Duration NEXT_TOKEN = Duration.ofMillis(10);

  private static final long SEED = 20_26;
  private static final int LEAST_TOKENS = 32;
  private static final int MOST_TOKENS = 96;
  private static final int LEAST_PROMPT = 200;
  private static final int MOST_PROMPT = 2_000;

  static final List<Tenant> TENANTS =
      List.of(
          new Tenant("gold", 10, 0.5),
          new Tenant("silver-a", 0, 0.75),
          new Tenant("silver-b", 0, 0.75),
          new Tenant("batch", -1, 1.0));

  /**
   * A tenant of the demo.
   *
   * @param load the load that the tenant asks for, as a part of the pool's capacity
   */
  record Tenant(String id, int priority, double load) {

    /** The API key that the tenant's client sends. */
    String apiKey() {
      return "demo-key-" + id;
    }
  }

  /**
   * One request.
   *
   * @param atNanos the time of the request, from the start of the load
   */
  record Arrival(long atNanos, Tenant tenant, int promptCharacters, int outputTokens) {}

  /**
   * The requests that the pool can finish in a second: its slots by the mean time of one request.
   */
  static double capacityPerSecond() {
    var meanTokens = (LEAST_TOKENS + MOST_TOKENS) / 2.0;
    var meanNanos = FIRST_TOKEN.toNanos() + (meanTokens - 1) * NEXT_TOKEN.toNanos();
    return SERVERS * SLOTS_PER_SERVER / (meanNanos / 1e9);
  }

  /** The arrivals of {@code duration}. */
  static DemoPlan of(Duration duration) {
    var random = new SplittableRandom(SEED);
    var arrivals = new ArrayList<Arrival>();
    for (var tenant : TENANTS) {
      var own = random.split();
      var meanGapNanos = 1e9 / (tenant.load * capacityPerSecond());
      var at = 0L;
      while (true) {
        at += (long) (-Math.log(1 - own.nextDouble()) * meanGapNanos);
        if (at >= duration.toNanos()) {
          break;
        }
        arrivals.add(
            new Arrival(
                at,
                tenant,
                own.nextInt(LEAST_PROMPT, MOST_PROMPT + 1),
                own.nextInt(LEAST_TOKENS, MOST_TOKENS + 1)));
      }
    }
    arrivals.sort(Comparator.comparingLong(Arrival::atNanos));
    return new DemoPlan(List.copyOf(arrivals));
  }
}
