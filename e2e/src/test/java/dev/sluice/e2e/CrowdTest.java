package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.modelserver.ModelServer;
import dev.sluice.modelserver.ModelServerOptions;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sends 640 MB at once to a gateway with a heap of 256 MB, which must refuse in time and live. */
class CrowdTest {
  private static final int REQUESTS = 10_000;
  private static final int AT_ONCE = 1_500;

  @TempDir private Path folder = Path.of("");

  @Test
  void holdsTenThousandRequestsOf64KbByRefusingInTime() throws Exception {
    var body =
        ("{\"model\":\"sim\",\"max_tokens\":1,\"prompt\":\"" + "x".repeat(64 << 10) + "\"}")
            .getBytes(StandardCharsets.UTF_8);
    try (var pool =
            ModelServer.start(
                ModelServerOptions.builder()
                    .timeToFirstToken(Duration.ofMillis(100))
                    .maxRunningSequences(16)
                    .build());
        var gateway =
            GatewayProcess.start(
                folder,
                """
                pool: {endpoints: [{url: "%s"}], healthTimeout: 1m} # two cores may be that busy
                flowControl:
                  defaultRequestTTL: 2s
                  saturationDetector:
                    pluginRef: {type: concurrency-detector, parameters: {maxConcurrency: 16}}
                """
                    .formatted(pool.baseUrl()));
        var client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var request =
          HttpRequest.newBuilder(gateway.base().resolve("/v1/completions"))
              .POST(BodyPublishers.ofByteArray(body))
              .build();
      Map<Integer, AtomicInteger> statuses = new ConcurrentHashMap<>();
      var room = new Semaphore(AT_ONCE);
      for (var i = 0; i < REQUESTS; i++) {
        room.acquire();
        var _ =
            threads.submit(() -> {
              try {
                var answer = client.send(request, BodyHandlers.discarding());
                statuses
                    .computeIfAbsent(answer.statusCode(), status -> new AtomicInteger())
                    .incrementAndGet();
              } finally {
                room.release();
              }
              return null;
            });
      }
      threads.shutdown();
      assertThat(threads.awaitTermination(3, TimeUnit.MINUTES)).isTrue();

      assertThat(statuses.keySet()).containsOnly(200, 429);
      assertThat(statuses.values().stream().mapToInt(AtomicInteger::get).sum())
          .as("every request was answered: %s", statuses)
          .isEqualTo(REQUESTS);
      assertThat(gateway.log()).doesNotContain("OutOfMemoryError");
      assertThat(client.send(request, BodyHandlers.discarding()).statusCode()).isEqualTo(200);
    }
  }
}
