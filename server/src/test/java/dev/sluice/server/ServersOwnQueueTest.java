package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.modelserver.Habits;
import dev.sluice.modelserver.ModelServer;
import dev.sluice.modelserver.ModelServerListener;
import dev.sluice.modelserver.ModelServerOptions;
import dev.sluice.modelserver.Outcome;
import dev.sluice.server.config.ConfigLoader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Servers with the habits of real ones, overloaded through the gateway, on sockets and in real
 * time. The default detector must do as well as one whose limit was set by hand.
 *
 * <p>Bounds on times are wider than what is promised, since the machine has other work to do. The
 * experiments E17b and E17c hold the promise, in virtual time.
 */
@Tag("long")
class ServersOwnQueueTest {
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final long SETTLES_NANOS = Duration.ofSeconds(5).toNanos();
  private static final long MEASURED_NANOS = Duration.ofSeconds(20).toNanos();
  private static final int CLIENTS = 48;
  private static final double GOLD_PER_SECOND = 3;

  /** A server as it is, and the limit that someone who knows it would set. */
  private record Kind(
      String name, Habits habits, int slots, int firstTokenMillis, int handSetLimit) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Kind> kinds() {
    var vllm = new Habits(0, 0, true, Habits.Metrics.VLLM);
    return List.of(
        new Kind("vLLM: the head comes before the request runs", vllm, 4, 20, 4),
        new Kind("vLLM, large", vllm, 24, 20, 24),
        new Kind("SGLang: old numbers", new Habits(0, 40, true, Habits.Metrics.VLLM), 4, 20, 4),
        new Kind("llama.cpp", new Habits(0, 0, false, Habits.Metrics.LLAMA_CPP), 4, 20, 4),
        new Kind("no metrics", new Habits(0, 0, true, Habits.Metrics.NONE), 4, 20, 4),
        new Kind("one prompt at a time", new Habits(1, 0, true, Habits.Metrics.VLLM), 24, 100, 6));
  }

  private record Figures(double queue, double tokensPerSecond, List<Long> goldMillis) {
    long gold(double part) {
      return goldMillis.get((int) Math.ceil(part * goldMillis.size()) - 1);
    }

    @Override
    public String toString() {
      return "queue %.2f, %.0f tokens/s, gold waits p50 %d, p90 %d, p99 %d ms (%d)"
          .formatted(queue, tokensPerSecond, gold(0.5), gold(0.9), gold(0.99), goldMillis.size());
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void learnsTheLimitThatSomeoneWouldSet(Kind kind, TestReporter reporter) throws Exception {
    var byHand =
        measured(
            kind,
            "{type: concurrency, parameters: {maxConcurrency: %d}}".formatted(kind.handSetLimit));

    var learned = measured(kind, "{type: ledger}");

    reporter.publishEntry(Map.of("by hand", byHand.toString(), "learned", learned.toString()));
    assertThat(learned.queue).isLessThanOrEqualTo(Math.max(1, 1.2 * byHand.queue));
    assertThat(learned.tokensPerSecond).isGreaterThan(0.93 * byHand.tokensPerSecond);
    assertThat(learned.gold(0.9)).isLessThan((long) (1.3 * byHand.gold(0.9)) + 50);
  }

  private static Figures measured(Kind kind, String detector) throws Exception {
    var run = new Run();
    var options =
        ModelServerOptions.builder()
            .timeToFirstToken(Duration.ofMillis(kind.firstTokenMillis))
            .timePerOutputToken(Duration.ofMillis(10))
            .maxRunningSequences(kind.slots)
            .habits(kind.habits)
            .build();
    try (var pool = ModelServer.start(options, run);
        var server =
            SluiceServer.start(new ConfigLoader().load(yaml(pool, detector), "queue.yaml"));
        var client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      await().atMost(LONG).until(() -> server.controller().view().hasEndpoints());
      return run.load(pool, client, server.port());
    }
  }

  private static String yaml(ModelServer pool, String detector) {
    return """
    gateway: {host: 127.0.0.1, port: 0, trustTenantHeader: true}
    admin: {host: 127.0.0.1, port: 0}
    pool: {endpoints: [{url: "%s"}]}
    tenants: [{id: gold, priority: 10}, {id: silver}]
    flowControl:
      defaultRequestTTL: 0s
      saturationDetector:
        pluginRef: %s
    """
        .formatted(pool.baseUrl(), detector);
  }

  /** The load on one server, and what is seen of it. */
  private static final class Run implements ModelServerListener {
    private record Sent(boolean isGold, int tokens, long atNanos) {}

    private final SplittableRandom random = new SplittableRandom(1);
    private final Map<String, Sent> sent = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<Long> goldMillis = new ConcurrentLinkedQueue<>();
    private final AtomicLong tokens = new AtomicLong();
    private final AtomicInteger idleClients = new AtomicInteger(CLIENTS);
    private final AtomicBoolean isMeasured = new AtomicBoolean();
    private int number;

    @Override
    public void started(String requestId, long nanoTime) {
      var request = sent.get(requestId);
      if (request != null && request.isGold && isMeasured.get()) {
        goldMillis.add((nanoTime - request.atNanos) / 1_000_000);
      }
    }

    @Override
    public void ended(String requestId, long nanoTime, Outcome outcome) {
      var request = sent.remove(requestId);
      if (request != null && isMeasured.get()) {
        tokens.addAndGet(request.tokens);
      }
    }

    Figures load(ModelServer pool, HttpClient client, int port) {
      var start = System.nanoTime();
      var nextGold = start;
      var looks = 0L;
      var waiting = 0L;
      for (var now = start; now - start < SETTLES_NANOS + MEASURED_NANOS; now = System.nanoTime()) {
        isMeasured.set(now - start >= SETTLES_NANOS);
        if (isMeasured.get()) {
          looks++;
          waiting += pool.waiting();
        }
        for (; idleClients.get() > 0; idleClients.decrementAndGet()) {
          send(client, port, false);
        }
        if (now - nextGold >= 0) {
          send(client, port, true);
          nextGold = now + (long) (-Math.log(1 - random.nextDouble()) / GOLD_PER_SECOND * 1e9);
        }
        LockSupport.parkNanos(2_000_000);
      }
      isMeasured.set(false);
      return new Figures(
          waiting / (double) looks,
          tokens.get() / (MEASURED_NANOS / 1e9),
          goldMillis.stream().sorted().toList());
    }

    private void send(HttpClient client, int port, boolean isGold) {
      var id = "r" + number++;
      var length = 20 + random.nextInt(40);
      var body =
          "{\"model\":\"sim\",\"stream\":true,\"max_tokens\":%d,\"prompt\":\"hello\"}"
              .formatted(length);
      var request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/v1/completions"))
              .header("x-request-id", id)
              .header("x-llm-d-inference-fairness-id", isGold ? "gold" : "silver")
              .POST(BodyPublishers.ofString(body))
              .build();
      sent.put(id, new Sent(isGold, length, System.nanoTime()));
      var _ =
          client
              .sendAsync(request, BodyHandlers.discarding())
              .whenComplete((_, _) -> idleClients.addAndGet(isGold ? 0 : 1));
    }
  }
}
