package dev.sluice.simulation.experiments;

import static dev.sluice.simulation.experiments.Runs.SLOTS;

import dev.sluice.simulation.workload.Arrival;
import dev.sluice.simulation.workload.Workload;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A workload that fills the pool, lets some flows wait, and brings new flows without end: each
 * request that ends is followed by two requests, each of a new flow.
 */
final class EndlessNewcomers implements Workload {
  private final ArrayDeque<Arrival> first = new ArrayDeque<>();
  private long flows;
  private long random;

  EndlessNewcomers(int waiting, long seed) {
    random = seed;
    for (var i = 0; i < SLOTS + waiting - 1; i++) {
      first.add(fresh(0));
    }
    first.add(request("old", 0));
    for (var i = 0; i < waiting; i++) {
      first.add(fresh(0));
    }
  }

  @Override
  public @Nullable Arrival next() {
    return first.poll();
  }

  @Override
  public List<Arrival> completed(Arrival arrival, long atNanos) {
    return Arrays.asList(fresh(atNanos), fresh(atNanos));
  }

  private Arrival fresh(long at) {
    // Names that sort before and after the old flow's.
    return request((flows % 2 == 0 ? "a" : "z") + flows++, at);
  }

  private Arrival request(String flow, long at) {
    random = random * 6_364_136_223_846_793_005L + 1_442_695_040_888_963_407L;
    var output = 32 + (random >>> 33) % 96;
    return new Arrival(at, flow, flow, 0, "", "", 200, 0, output, output, -1, -1, 800, List.of());
  }
}
