package dev.sluice.benchmarks;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.sluice.benchmarks.LoopbackModelServer.Script;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;

/**
 * What does the gateway cost a request, and how much memory does an open stream hold? Sluice runs
 * in a process of its own with all features on. The model server and the clients run in the process
 * of the bench, on loopback. The CPU time is that of the gateway's process alone, so it does not
 * depend on how much the others use, unlike the rate.
 */
final class GatewayBench implements Bench {
  private static final int NO_LIMIT = 100_000;
  private static final int FILES_OF_A_JVM = 500;
  private static final Script STREAM = new Script(50, 20, null);

  @Override
  public String name() {
    return "gateway";
  }

  @Override
  public List<Result> run(Scale scale) throws Exception {
    var quick = scale == Scale.QUICK;
    var results = new ArrayList<Result>();
    try (var endpoint = new LoopbackModelServer()) {
      try (var gateway = GatewayProcess.start(endpoint.port(), NO_LIMIT)) {
        warmUp(gateway, quick);
        for (var promptBytes : new int[] {940, 225_000}) {
          for (var connections : new int[] {1, 64}) {
            results.add(answers(gateway, promptBytes, connections, quick ? 0.5 : 8));
          }
        }
        for (var connections : new int[] {200, 1_000}) {
          results.add(streams(gateway, "streams", connections, (quick ? 1 : 5) * connections));
        }
      }
      try (var gateway = GatewayProcess.start(endpoint.port(), 100)) {
        warmUp(gateway, quick);
        results.add(streams(gateway, "half-queued-streams", 200, quick ? 200 : 1_000));
      }
      try (var gateway = GatewayProcess.start(endpoint.port(), NO_LIMIT)) {
        warmUp(gateway, quick); // or memory for code would be counted as memory of the streams
        results.add(openStreams(gateway, endpoint, quick ? 500 : mostStreams()));
      }
    }
    return results;
  }

  private static void warmUp(GatewayProcess gateway, boolean quick)
      throws InterruptedException, ExecutionException {
    client(gateway, false, 940).sendFor(quick ? 0.5 : 12, 64);
    client(gateway, true, 940).send(quick ? 50 : 400, quick ? 50 : 200);
  }

  private static LoadClient client(GatewayProcess gateway, boolean stream, int promptBytes) {
    return new LoadClient(
        gateway.port(), LoadClient.request(GatewayProcess.API_KEY, stream, promptBytes));
  }

  private static Result answers(
      GatewayProcess gateway, int promptBytes, int connections, double seconds)
      throws IOException, InterruptedException, ExecutionException {
    var params = new LinkedHashMap<String, Object>();
    params.put("case", "answers");
    params.put("promptBytes", promptBytes);
    params.put("connections", connections);
    var before = gateway.cpuSeconds();
    var outcome = client(gateway, false, promptBytes).sendFor(seconds, connections);
    return result(params, outcome, gateway.cpuSeconds() - before, gateway.residentBytes());
  }

  private static Result streams(GatewayProcess gateway, String name, int connections, int requests)
      throws IOException, InterruptedException, ExecutionException {
    var params = new LinkedHashMap<String, Object>();
    params.put("case", name);
    params.put("events", STREAM.events());
    params.put("connections", connections);
    var before = gateway.cpuSeconds();
    var outcome = client(gateway, true, 940).send(requests, connections);
    return result(params, outcome, gateway.cpuSeconds() - before, gateway.residentBytes());
  }

  private static Result result(
      Map<String, Object> params, LoadClient.Outcome outcome, double cpuSeconds, double resident) {
    var more = new LinkedHashMap<String, Double>();
    more.put("cpuSecondsPer1000", 1_000 * cpuSeconds / outcome.requests());
    more.put("firstByteP50Millis", outcome.firstByteMicros().getValueAtPercentile(50) / 1e3);
    more.put("firstByteP99Millis", outcome.firstByteMicros().getValueAtPercentile(99) / 1e3);
    more.put("p50Millis", outcome.totalMicros().getValueAtPercentile(50) / 1e3);
    more.put("p99Millis", outcome.totalMicros().getValueAtPercentile(99) / 1e3);
    more.put("residentMiB", resident / (1 << 20));
    return new Result(
        "gateway",
        params,
        outcome.requests() / outcome.seconds(),
        outcome.totalMicros().getMean() * 1e3,
        Double.NaN,
        more);
  }

  /**
   * The number of streams to open: 10,000, or as many as fit. Each stream takes two open files of
   * the gateway and two of this JVM.
   */
  private static int mostStreams() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
        ? (int) Math.min(10_000, (system.getMaxFileDescriptorCount() - FILES_OF_A_JVM) / 2)
        : 10_000;
  }

  /**
   * Opens streams that stay open after their first event, and measures the memory that they add.
   */
  private static Result openStreams(
      GatewayProcess gateway, LoopbackModelServer endpoint, int streams) throws Exception {
    var idle = gateway.residentBytes();
    var seen = new CountDownLatch(1);
    endpoint.play(new Script(1, 0, seen));
    try (var clients = Executors.newVirtualThreadPerTaskExecutor()) {
      var client = client(gateway, true, 940);
      var opened = new CountDownLatch(streams);
      var running = clients.submit(() -> client.send(streams, streams, opened::countDown));
      try {
        while (opened.getCount() > 0 && !running.isDone()) {
          Thread.sleep(10);
        }
        var held = gateway.residentBytes();
        seen.countDown();
        var outcome = running.get();
        var params = new LinkedHashMap<String, Object>();
        params.put("case", "open-streams");
        params.put("connections", streams);
        return new Result(
            "gateway",
            params,
            Double.NaN,
            outcome.firstByteMicros().getMean() * 1e3,
            (held - idle) / streams,
            Map.of("idleMiB", idle / (1 << 20)));
      } finally {
        seen.countDown();
        endpoint.play(STREAM);
      }
    }
  }
}
