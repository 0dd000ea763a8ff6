package dev.sluice.endpoints.scraping;

import com.sun.management.OperatingSystemMXBean;
import dev.sluice.endpoints.EndpointConfig;
import dev.sluice.endpoints.EndpointPool;
import dev.sluice.endpoints.health.HealthThresholds;
import dev.sluice.endpoints.metrics.MetricsReader;
import dev.sluice.endpoints.scheduling.LeastLoadPicker;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * Measures what reading the metrics of 100 endpoints every 50 ms costs. The pages come from another
 * process, whose CPU does not count:
 *
 * <pre>
 * ScrapeCost serve 19000          # prints "ready"
 * ScrapeCost vertx 19000          # our scraper
 * ScrapeCost jdk 19000            # the JDK's client, for comparison
 * ScrapeCost parse                # the reader alone
 * </pre>
 */
public final class ScrapeCost {
  private static final int ENDPOINTS = 100;
  private static final long PERIOD_MILLIS = 50;
  private static final int WARM_UP_SECONDS = 15;
  private static final int SECONDS = 15;

  private ScrapeCost() {}

  /** Runs the measurement that {@code arguments} name. */
  public static void main(String[] arguments) throws Exception {
    switch (arguments[0]) {
      case "serve" -> serve(Integer.parseInt(arguments[1]));
      case "vertx" -> vertx(Integer.parseInt(arguments[1]));
      case "jdk" -> jdk(Integer.parseInt(arguments[1]));
      case "parse" -> parse();
      default -> throw new IllegalArgumentException("got " + arguments[0]);
    }
  }

  /** A page of about 30 KB as vLLM's: mostly histograms. */
  static byte[] page() {
    var page = new StringBuilder();
    page.append("# HELP vllm:num_requests_running Number of requests running.\n");
    page.append("# TYPE vllm:num_requests_running gauge\n");
    page.append("vllm:num_requests_running{engine=\"0\",model_name=\"base/model\"} 17.0\n");
    page.append("vllm:num_requests_waiting{engine=\"0\",model_name=\"base/model\"} 3.0\n");
    page.append("vllm:kv_cache_usage_perc{engine=\"0\",model_name=\"base/model\"} 0.4375\n");
    page.append("vllm:cache_config_info{block_size=\"16\",num_gpu_blocks=\"27000\"} 1.0\n");
    page.append("vllm:num_preemptions_total{engine=\"0\",model_name=\"base/model\"} 12.0\n");
    for (var family = 0; page.length() < 30_000; family++) {
      page.append("# HELP vllm:latency_").append(family).append("_seconds Histogram.\n");
      page.append("# TYPE vllm:latency_").append(family).append("_seconds histogram\n");
      for (var bucket = 0; bucket < 20; bucket++) {
        page.append("vllm:latency_").append(family).append("_seconds_bucket{engine=\"0\",le=\"");
        page.append(bucket * 0.25).append("\",model_name=\"base/model\"} ").append(bucket * 31);
        page.append(".0\n");
      }
    }
    return page.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void serve(int port) throws Exception {
    var vertx = Vertx.vertx();
    var page = Buffer.buffer(page());
    for (var i = 0; i < ENDPOINTS; i++) {
      vertx
          .createHttpServer()
          .requestHandler(request ->
              request.response().end("/metrics".equals(request.path()) ? page : Buffer.buffer()))
          .listen(port + i, "127.0.0.1")
          .toCompletionStage()
          .toCompletableFuture()
          .get();
    }
    print("ready, page of " + page.length() + " bytes");
    Thread.currentThread().join();
  }

  private static void vertx(int port) throws Exception {
    var vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
    var published = new LongAdder();
    var pool =
        new EndpointPool(
            HealthThresholds.DEFAULT,
            new LeastLoadPicker(),
            (PoolSnapshot snapshot) -> published.increment());
    try (var scraper = new EndpointScraper(vertx, pool, ScrapeOptions.DEFAULT, System::nanoTime)) {
      var endpoints = new ArrayList<EndpointConfig>();
      for (var i = 0; i < ENDPOINTS; i++) {
        endpoints.add(EndpointConfig.of("e" + i, URI.create("http://127.0.0.1:" + (port + i))));
      }
      scraper.reconfigure(endpoints);
      measure("vertx, native " + vertx.isNativeTransportEnabled(), scraper::scrapes);
      print("pictures published: " + published.sum() + ", failed: " + scraper.failedScrapes());
    }
    vertx.close().toCompletionStage().toCompletableFuture().get();
  }

  private static void jdk(int port) throws Exception {
    var scrapes = new LongAdder();
    var reader = new MetricsReader();
    var timer = Executors.newSingleThreadScheduledExecutor();
    try (var client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      for (var i = 0; i < ENDPOINTS; i++) {
        var request =
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + (port + i) + "/metrics"))
                .timeout(Duration.ofSeconds(1))
                .build();
        var _ =
            timer.scheduleAtFixedRate(
                () -> {
                  var _ =
                      client
                          .sendAsync(request, HttpResponse.BodyHandlers.ofByteArray())
                          .thenAcceptAsync(
                              response -> {
                                var body = response.body();
                                reader.read(body, body.length);
                                scrapes.increment();
                              },
                              timer);
                },
                i * PERIOD_MILLIS / ENDPOINTS,
                PERIOD_MILLIS,
                TimeUnit.MILLISECONDS);
      }
      measure("jdk", scrapes::sum);
      timer.shutdownNow();
      client.shutdownNow();
    }
  }

  private static void parse() {
    var page = page();
    var reader = new MetricsReader();
    for (var round = 0; round < 5; round++) {
      var start = System.nanoTime();
      var rounds = 40_000;
      for (var i = 0; i < rounds; i++) {
        reader.read(page, page.length);
      }
      var seconds = (System.nanoTime() - start) / 1e9;
      print(
          String.format(
              Locale.ROOT,
              "parse: %.0f MB/s, %.1f us a page",
              page.length * (double) rounds / seconds / 1e6,
              seconds / rounds * 1e6));
    }
  }

  private static void measure(String what, LongSupplier scrapes) throws InterruptedException {
    TimeUnit.SECONDS.sleep(WARM_UP_SECONDS);
    var count = scrapes.getAsLong();
    var cpu = cpuNanos();
    var start = System.nanoTime();
    TimeUnit.SECONDS.sleep(SECONDS);
    var seconds = (System.nanoTime() - start) / 1e9;
    print(
        String.format(
            Locale.ROOT,
            "%s: %.0f scrapes/s, %.3f of a core",
            what,
            (scrapes.getAsLong() - count) / seconds,
            (cpuNanos() - cpu) / 1e9 / seconds));
  }

  private static long cpuNanos() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
  }

  private static void print(String line) {
    System.out.println(line);
  }
}
