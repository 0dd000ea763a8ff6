package dev.sluice.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** Measures an event that happens to 100,000 queued requests at once, several times. */
final class Crowd {
  private static final int REQUESTS = 100_000;
  private static final int QUICK_REQUESTS = 10_000;
  private static final int WARM_UPS = 5;
  private static final long LONGEST_NANOS = 600_000_000_000L;
  private static final int DIGITS = 3;

  private Crowd() {}

  /** An event that happens to all queued requests at once. */
  interface Event {

    /**
     * Lets the event happen to {@code requests} requests.
     *
     * @param pauses records how long the calls of another caller take meanwhile, in nanoseconds
     */
    Reading befall(int requests, Histogram pauses) throws InterruptedException;
  }

  /** Measures the event. The result is the median event, with the pauses of all events. */
  static List<Result> measure(String bench, Bench.Scale scale, Event event)
      throws InterruptedException {
    var full = scale == Bench.Scale.FULL;
    var requests = full ? REQUESTS : QUICK_REQUESTS;
    for (var i = 0; full && i < WARM_UPS; i++) {
      event.befall(requests, new Histogram(LONGEST_NANOS, DIGITS));
    }
    var pauses = new Histogram(LONGEST_NANOS, DIGITS);
    var readings = new ArrayList<Reading>();
    for (var i = 0; i < scale.windows(); i++) {
      readings.add(event.befall(requests, pauses));
    }
    var median = Reading.median(readings);
    Map<String, Double> more = new LinkedHashMap<>();
    more.put("allGoneMillis", median.nanos() / 1e6);
    more.putAll(Percentiles.of(pauses));
    return List.of(median.result(bench, Map.of("requests", requests), more));
  }
}
