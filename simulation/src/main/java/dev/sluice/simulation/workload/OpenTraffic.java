package dev.sluice.simulation.workload;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Generated requests of any number of sources, in order of time. Each source has a random generator
 * of its own, so that the requests of one source do not depend on other sources. O(log sources) a
 * request. Not thread-safe.
 */
public final class OpenTraffic implements Workload {

  /** A source and its next request. */
  private record Pending(
      Arrival arrival, int index, Traffic source, SplittableRandom times, SplittableRandom sizes) {}

  private final PriorityQueue<Pending> pending =
      new PriorityQueue<>(
          Comparator.comparingLong((Pending next) -> next.arrival.atNanos())
              .thenComparingInt(Pending::index));

  /** Requests of {@code sources} that arrive before {@code durationNanos}. */
  public OpenTraffic(List<Traffic> sources, long seed, long durationNanos) {
    for (var i = 0; i < sources.size(); i++) {
      var source = sources.get(i);
      var end = Math.min(source.endNanos(), durationNanos);
      if (source.startNanos() < end) {
        var random = Randoms.source(seed, i);
        schedule(
            source.between(source.startNanos(), end),
            i,
            source.startNanos(),
            random,
            random.split());
      }
    }
  }

  @Override
  public @Nullable Arrival next() {
    var first = pending.poll();
    if (first == null) {
      return null;
    }
    var at = first.arrival.atNanos();
    schedule(first.source, first.index, at, first.times, first.sizes);
    return first.arrival;
  }

  private void schedule(
      Traffic source, int index, long after, SplittableRandom times, SplittableRandom sizes) {
    var at = source.arrivals().after(after, times);
    if (at >= 0 && at < source.endNanos()) {
      var arrival = source.shape().draw(source.caller(), at, sizes);
      pending.add(new Pending(arrival, index, source, times, sizes));
    }
  }

  /**
   * Traffic of {@code count} equal tenants, which are named {@code prefix-1}, {@code prefix-2} and
   * so on.
   */
  public static List<Traffic> tenants(
      int count, String prefix, int priority, ArrivalProcess each, RequestShape shape) {
    var sources = new ArrayList<Traffic>();
    for (var i = 1; i <= count; i++) {
      var caller = Caller.of(prefix + "-" + i).withPriority(priority);
      sources.add(Traffic.of(caller, each, shape));
    }
    return sources;
  }

  /**
   * Traffic of equal tenants, and of one named {@code hog} that sends {@code factor} times as much
   * as each of them.
   */
  public static List<Traffic> tenantsAndHog(
      int count, String prefix, double ratePerSecond, double factor, RequestShape shape) {
    var each = new ArrivalProcess.Poisson(ratePerSecond);
    var sources = new ArrayList<>(tenants(count, prefix, 0, each, shape));
    var hog = new ArrivalProcess.Poisson(ratePerSecond * factor);
    sources.add(Traffic.of(Caller.of("hog"), hog, shape));
    return sources;
  }
}
