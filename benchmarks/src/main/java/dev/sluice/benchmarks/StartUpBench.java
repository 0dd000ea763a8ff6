package dev.sluice.benchmarks;

import java.io.File;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * How long does it take from the command {@code ./sluice serve} to the first answered request? The
 * first start is not measured, because the launcher may build and record then. The variable {@code
 * SLUICE_LAUNCHER} says where the launcher is; without it, the bench starts a plain JVM.
 */
final class StartUpBench implements Bench {

  @Override
  public String name() {
    return "start-up";
  }

  @Override
  public List<Result> run(Scale scale) throws Exception {
    var launcher = System.getenv("SLUICE_LAUNCHER");
    var seconds = new Histogram(60_000, 3);
    try (var endpoint = new LoopbackModelServer()) {
      var starts = scale == Scale.QUICK ? 1 : 10;
      for (var i = launcher == null ? 1 : 0; i <= starts; i++) {
        try (var gateway = start(launcher == null ? "" : launcher, endpoint)) {
          if (i > 0) {
            seconds.recordValue(Math.round(gateway.startSeconds() * 1e3));
          }
        }
      }
    }
    Map<String, Object> params = new LinkedHashMap<>();
    params.put("by", launcher == null ? "java" : "launcher");
    Map<String, Double> more = new LinkedHashMap<>();
    more.put("p50Millis", (double) seconds.getValueAtPercentile(50));
    more.put("maxMillis", (double) seconds.getMaxValue());
    return List.of(
        new Result(name(), params, Double.NaN, seconds.getMean() * 1e6, Double.NaN, more));
  }

  private static GatewayProcess start(String launcher, LoopbackModelServer endpoint)
      throws IOException, InterruptedException {
    return launcher.isEmpty()
        ? GatewayProcess.start(endpoint.port(), 1_000)
        : GatewayProcess.start(new File(launcher), endpoint.port(), 1_000);
  }
}
