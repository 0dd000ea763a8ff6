package dev.sluice.benchmarks;

import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * How many requests pass, by the pool's limit, the bands, the flows and the callers? The cells are
 * those of upstream's {@code PerformanceMatrix}. Callers offer requests of 100 B to 9 KB and return
 * each permit at once; a Zipf distribution picks the flows. A limit of 0 means a pool that always
 * has room.
 *
 * <p>If there is a limit, all callers queue before the first permit is free. From then on, every
 * request waits for its turn, because a freed permit goes to a waiting request.
 */
final class MatrixBench implements Bench {
  private static final int[] LIMITS = {0, 1, 100};
  private static final int[] PRIORITIES = {1, 8};
  private static final int[] FLOWS = {10, 5_000};
  private static final int[] CALLERS = {10, 5_000};

  /** If the pool has no limit, cells with more callers are left out: the fewest are enough. */
  private static final int MOST_UNLIMITED_CALLERS = 100;

  private static final double ZIPF_EXPONENT = 1.1;
  private static final int STRIDE = 9_973;
  private static final long SCATTER = 2_654_435_769L;
  private static final long MOST_BYTES = 9_000;
  private static final long LEAST_BYTES = 100;
  private static final long BYTES_PER_TOKEN = 4;

  private record Cell(int limit, int priorities, int flows, int callers) {

    boolean isValid() {
      return limit == 0 ? callers <= MOST_UNLIMITED_CALLERS : callers > limit;
    }

    Map<String, Object> params() {
      var params = new LinkedHashMap<String, Object>();
      params.put("limit", limit);
      params.put("priorities", priorities);
      params.put("flows", flows);
      params.put("callers", callers);
      return params;
    }

    FlowControlRequest[] requests() {
      var requests = new FlowControlRequest[flows];
      for (var i = 0; i < flows; i++) {
        var bytes = LEAST_BYTES + (i * SCATTER & 0xFFFF_FFFFL) % MOST_BYTES;
        requests[i] =
            FlowControlRequest.builder("r", new FlowKey("flow-" + i, i % priorities))
                .sizeBytes(bytes)
                .inputTokens(bytes / BYTES_PER_TOKEN)
                .build();
      }
      return requests;
    }
  }

  @Override
  public String name() {
    return "matrix";
  }

  @Override
  public List<Result> run(Scale scale) throws InterruptedException {
    var results = new ArrayList<Result>();
    for (var limit : LIMITS) {
      for (var priorities : PRIORITIES) {
        for (var flows : FLOWS) {
          for (var callers : CALLERS) {
            var cell = new Cell(limit, priorities, flows, callers);
            if (cell.isValid()) {
              results.add(measure(cell, scale).result(name(), cell.params(), Map.of()));
            }
          }
        }
      }
    }
    return results;
  }

  private static Reading measure(Cell cell, Scale scale) throws InterruptedException {
    var requests = cell.requests();
    var choices = zipf(cell.flows());
    try (var controller =
        cell.limit() == 0 ? Engines.withRoomForAll() : Engines.withRoomFor(cell.limit())) {
      var held = Engines.hold(controller, cell.limit());
      try (var callers =
          Callers.start(
              cell.callers(), number -> new Caller(controller, requests, choices, number))) {
        if (cell.limit() > 0) {
          Engines.awaitQueued(controller, cell.callers());
          held.close();
        }
        return callers.measure(scale);
      }
    }
  }

  /**
   * The flows to pick, in turn. The weight of flow {@code i} is {@code 1 / (1 + i)^1.1}. There are
   * at least 4 picks for each flow, and a power of two of them in all.
   */
  private static int[] zipf(int flows) {
    var upTo = new double[flows];
    var sum = 0.0;
    for (var i = 0; i < flows; i++) {
      sum += Math.pow(1.0 + i, -ZIPF_EXPONENT);
      upTo[i] = sum;
    }
    var random = new Random(1);
    var choices = new int[Integer.highestOneBit(4 * flows - 1) << 1];
    for (var i = 0; i < choices.length; i++) {
      var found = Arrays.binarySearch(upTo, random.nextDouble() * sum);
      choices[i] = found < 0 ? -found - 1 : found;
    }
    return choices;
  }

  private static final class Caller implements Callers.Step {
    private final FlowController controller;
    private final FlowControlRequest[] requests;
    private final int[] choices;
    private int next;

    Caller(FlowController controller, FlowControlRequest[] requests, int[] choices, int number) {
      this.controller = controller;
      this.requests = requests;
      this.choices = choices;
      next = (number + 1) * STRIDE;
    }

    @Override
    public void take() throws InterruptedException {
      Engines.roundTrip(controller, requests[choices[++next & choices.length - 1]]);
    }
  }
}
