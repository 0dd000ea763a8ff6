package dev.sluice.benchmarks;

import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What do more shards gain or cost? Callers of 1,000 tenants pass a pool that always has room, or
 * queue for 100 permits. Each caller leaves its operation in the stripe of its tenant, for the
 * thread that decides.
 */
final class ShardsBench implements Bench {
  private static final int[] SHARDS = {1, 2, 4, 8};
  private static final int TENANTS = 1_000;
  private static final int STRIDE = 7;

  private record Load(String pool, int limit, int callers) {}

  private static final List<Load> LOADS =
      List.of(new Load("open", Integer.MAX_VALUE, 10), new Load("saturated", 100, 1_000));

  @Override
  public String name() {
    return "shards";
  }

  @Override
  public List<Result> run(Scale scale) throws InterruptedException {
    var requests = new FlowControlRequest[TENANTS];
    for (var i = 0; i < TENANTS; i++) {
      requests[i] =
          FlowControlRequest.builder("r", new FlowKey("tenant-" + i, 0))
              .sizeBytes(1_000)
              .inputTokens(50)
              .build();
    }
    var results = new ArrayList<Result>();
    for (var load : LOADS) {
      for (var shards : SHARDS) {
        var params = new LinkedHashMap<String, Object>();
        params.put("pool", load.pool());
        params.put("callers", load.callers());
        params.put("shards", shards);
        results.add(measure(load, shards, requests, scale).result(name(), params, Map.of()));
      }
    }
    return results;
  }

  private static Reading measure(Load load, int shards, FlowControlRequest[] requests, Scale scale)
      throws InterruptedException {
    try (var controller = Engines.of(Engines.configWithRoomFor(load.limit()), shards);
        var callers =
            Callers.start(
                load.callers(),
                number -> {
                  var next = new int[] {number};
                  return () -> {
                    next[0] = (next[0] + STRIDE) % TENANTS;
                    Engines.roundTrip(controller, requests[next[0]]);
                  };
                })) {
      return callers.measure(scale);
    }
  }
}
