package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.modelserver.ModelServer;
import dev.sluice.modelserver.ModelServerListener;
import dev.sluice.modelserver.ModelServerOptions;
import dev.sluice.observability.audit.Auditor;
import dev.sluice.server.config.ConfigLoader;
import dev.sluice.server.process.SluiceServer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/**
 * Three priorities ask the real gateway for three times what its pool can serve. The counts and the
 * order are asserted; exact waiting times are tested with the simulated clock.
 */
class OverloadTest {
  private static final int SLOTS = 8;
  private static final Duration SERVICE = Duration.ofMillis(200);
  private static final Duration LOAD_FOR = Duration.ofSeconds(4);
  private static final int WARM_UP = 64;
  private static final Duration LONG = Duration.ofMinutes(2);
  private static final Map<String, Double> LOADS = Map.of("high", 0.5, "middle", 1.0, "low", 1.5);

  private final Map<String, Long> sentAt = new ConcurrentHashMap<>();
  private final Map<String, Long> waits = new ConcurrentHashMap<>();

  @Test
  void losesNothingAndLetsTheHighestBandThroughAtThreefoldOverload() throws Exception {
    var listener =
        new ModelServerListener() {
          @Override
          public void started(String requestId, long nanoTime) {
            var sent = sentAt.get(requestId);
            if (sent != null) {
              waits.put(requestId, nanoTime - sent);
            }
          }
        };
    var auditor = new Auditor();
    try (var pool =
            ModelServer.start(
                ModelServerOptions.builder()
                    .timeToFirstToken(SERVICE)
                    .maxRunningSequences(SLOTS)
                    .build(),
                listener);
        var server =
            SluiceServer.start(new ConfigLoader().load(yaml(pool), "overload.yaml"), auditor);
        var client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      await().atMost(LONG).until(() -> server.controller().view().hasEndpoints());
      warmUp(client, server.port());
      var statuses = send(client, server.port());

      await().atMost(LONG).until(() -> statuses.size() == sentAt.size());
      await().atMost(LONG).until(() -> server.controller().view().runningRequests() == 0);
      assertThat(statuses.values()).containsOnly(200);
      await().atMost(LONG).until(() -> auditor.report().waiting() == 0);
      var report = auditor.report();
      assertThat(report.priorityInversions()).isZero();
      assertThat(report.isConserved()).as("%s", report).isTrue();
      assertThat(report.dispatched()).isEqualTo(WARM_UP + sentAt.size());
      assertThat(p99("high")).isLessThan(p99("low") / 10);
      assertThat(p99("middle")).isLessThan(p99("low"));
    }
  }

  private static String yaml(ModelServer pool) {
    return """
    gateway: {host: 127.0.0.1, port: 0, trustTenantHeader: true}
    admin: {host: 127.0.0.1, port: 0}
    pool: {endpoints: [{url: "%s"}]}
    tenants: [{id: high, priority: 10}, {id: middle}, {id: low, priority: -1}]
    flowControl:
      defaultRequestTTL: 0s
      saturationDetector:
        pluginRef: {type: concurrency-detector, parameters: {maxConcurrency: %d}}
    """
        .formatted(pool.baseUrl(), SLOTS);
  }

  /** Sends requests before the test, so that none waits for classes to be loaded. */
  private static void warmUp(HttpClient client, int port) {
    var answers = new ArrayList<CompletableFuture<Integer>>();
    for (var i = 0; i < WARM_UP; i++) {
      answers.add(
          client
              .sendAsync(request(port, "warm-up", "high"), BodyHandlers.discarding())
              .thenApply(HttpResponse::statusCode));
    }
    assertThat(answers).allSatisfy(answer -> assertThat(answer.join()).isEqualTo(200));
  }

  private static HttpRequest request(int port, String id, String tenant) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/v1/completions"))
        .header("x-request-id", id)
        .header("x-llm-d-inference-fairness-id", tenant)
        .POST(BodyPublishers.ofString("{\"model\":\"sim\",\"max_tokens\":1,\"prompt\":\"x\"}"))
        .build();
  }

  private Map<String, Integer> send(HttpClient client, int port) {
    record Arrival(long atNanos, String tenant) {}
    var arrivals = new ArrayList<Arrival>();
    var random = new SplittableRandom(1);
    for (var tenant : List.of("high", "middle", "low")) {
      var perSecond = LOADS.getOrDefault(tenant, 0.0) * SLOTS / (SERVICE.toMillis() / 1e3);
      for (var at = 0.0; at < LOAD_FOR.toNanos(); ) {
        at += -Math.log(1 - random.nextDouble()) / perSecond * 1e9;
        arrivals.add(new Arrival((long) at, tenant));
      }
    }
    arrivals.sort((a, b) -> Long.compare(a.atNanos, b.atNanos));
    var statuses = new ConcurrentHashMap<String, Integer>();
    var number = 0;
    var start = System.nanoTime();
    for (var arrival : arrivals) {
      for (var left = arrival.atNanos - (System.nanoTime() - start);
          left > 0;
          left = arrival.atNanos - (System.nanoTime() - start)) {
        LockSupport.parkNanos(left);
      }
      var id = arrival.tenant + "-" + number++;
      var request = request(port, id, arrival.tenant);
      sentAt.put(id, System.nanoTime());
      var _ =
          client
              .sendAsync(request, BodyHandlers.discarding())
              .whenComplete((answer, failure) ->
                  statuses.put(id, failure == null ? answer.statusCode() : -1));
    }
    return statuses;
  }

  private long p99(String tenant) {
    var sorted =
        waits.entrySet().stream()
            .filter(entry -> entry.getKey().startsWith(tenant + "-"))
            .map(Map.Entry::getValue)
            .sorted()
            .toList();
    assertThat(sorted).as(tenant).hasSizeGreaterThan(50);
    return sorted.get((int) Math.ceil(0.99 * sorted.size()) - 1);
  }
}
