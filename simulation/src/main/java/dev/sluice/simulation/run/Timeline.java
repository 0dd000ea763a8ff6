package dev.sluice.simulation.run;

import dev.sluice.simulation.workload.Arrival;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;

/** Collects the course of a simulation, one bucket after the other. */
final class Timeline {

  private static final class Bucket {
    final Map<Integer, Histogram> waits = new HashMap<>();
    final Map<String, Double> costs = new HashMap<>();
    final Map<Integer, Integer> queued = new HashMap<>();
    double saturation = Double.NaN;
  }

  private final List<Bucket> finished = new ArrayList<>();
  private final TreeSet<Integer> bands = new TreeSet<>();
  private final TreeSet<String> tenants = new TreeSet<>();
  private Bucket current = new Bucket();

  void dispatched(Arrival arrival, long waitedNanos) {
    bands.add(arrival.priority());
    tenants.add(arrival.tenant());
    current
        .waits
        .computeIfAbsent(arrival.priority(), priority -> new Histogram(2))
        .recordValue((long) (waitedNanos / Tally.MICROS));
    current.costs.merge(arrival.tenant(), Tally.cost(arrival), Double::sum);
  }

  /** Ends a bucket and begins the next. */
  void next(Map<Integer, Integer> queuedByBand, double saturation) {
    bands.addAll(queuedByBand.keySet());
    current.queued.putAll(queuedByBand);
    current.saturation = saturation;
    finished.add(current);
    current = new Bucket();
  }

  Series series(double bucketSeconds) {
    var p50 = new TreeMap<Integer, List<Double>>();
    var p99 = new TreeMap<Integer, List<Double>>();
    var queued = new TreeMap<Integer, List<Double>>();
    var share = new TreeMap<String, List<Double>>();
    for (var band : bands) {
      p50.put(band, each(bucket -> wait(bucket, band, 50)));
      p99.put(band, each(bucket -> wait(bucket, band, 99)));
      queued.put(band, each(bucket -> (double) bucket.queued.getOrDefault(band, 0)));
    }
    for (var tenant : tenants) {
      share.put(
          tenant,
          each(bucket -> {
            var all = bucket.costs.values().stream().mapToDouble(Double::doubleValue).sum();
            return all == 0 ? Double.NaN : bucket.costs.getOrDefault(tenant, 0.0) / all;
          }));
    }
    return new Series(bucketSeconds, p50, p99, queued, share, each(bucket -> bucket.saturation));
  }

  private List<Double> each(ToDoubleFunction<Bucket> value) {
    return finished.stream().map(value::applyAsDouble).toList();
  }

  private static double wait(Bucket bucket, int band, double percentile) {
    var waits = bucket.waits.get(band);
    return waits == null ? Double.NaN : Tally.millis(waits, percentile);
  }
}
