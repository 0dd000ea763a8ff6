package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.sluice.server.config.ConfigLoader;
import dev.sluice.server.process.SluiceServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A queue over sockets, as the request log tells of it and as the simulator replays it. */
class RecordedWaitsTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int REQUESTS = 6;
  private static final String CHAT =
      "{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final String EVENTS =
      "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n".repeat(50) + "data: [DONE]\n\n";

  @TempDir private Path folder = Path.of("");
  private final Semaphore answers = new Semaphore(0);

  @Test
  void aReplayedQueueWaitsAsTheRecordedOneDid() throws Exception {
    var lines = record();

    assertThat(lines).hasSize(REQUESTS);
    assertThat(lines)
        .allSatisfy(line -> {
          assertThat(line.path("id").asString()).isNotEmpty();
          assertThat(line.path("endpoint").asString()).startsWith("127.0.0.1:");
          assertThat(line.path("status").asInt()).isEqualTo(200);
          assertThat(
                  List.of(
                      line.path("offeredNanos").asLong(),
                      line.path("dispatchedNanos").asLong(),
                      line.path("firstTokenNanos").asLong(),
                      line.path("totalNanos").asLong()))
              .isSorted()
              .allMatch(nanos -> nanos > 0);
        });
    var byWait =
        lines.stream().sorted(Comparator.comparingLong(line -> nanos(line, "waitNanos"))).toList();
    var servedMeanwhile =
        byWait.subList(1, REQUESTS - 1).stream()
            .mapToLong(line -> nanos(line, "totalNanos") - nanos(line, "dispatchedNanos"))
            .sum();
    assertThat(nanos(byWait.getLast(), "waitNanos")).isGreaterThanOrEqualTo(servedMeanwhile);

    // All arrived while the first one ran, so the replay must not spread them out.
    var arrivals = lines.stream().map(line -> Instant.parse(line.path("time").asString())).toList();
    var spread =
        Duration.between(
            arrivals.stream().min(Instant::compareTo).orElseThrow(),
            arrivals.stream().max(Instant::compareTo).orElseThrow());
    assertThat(spread.toNanos()).isLessThan(nanos(byWait.getFirst(), "totalNanos"));
    var report = simulate();
    assertThat(report.at("/runs/0/all/waitMax").asDouble()).isBetween(4_500.0, 5_500.0);
    assertThat(report.at("/runs/0/all/waitP50").asDouble()).isBetween(1_500.0, 3_500.0);
  }

  /** Fills a queue behind one server that runs one request at a time, then lets it drain. */
  private List<JsonNode> record() throws Exception {
    var threads = Executors.newVirtualThreadPerTaskExecutor();
    var endpoint =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
    endpoint.createContext("/", this::answer);
    endpoint.setExecutor(threads);
    endpoint.start();
    var yaml =
        """
        gateway: {host: 127.0.0.1, port: 0, requestLog: "%s"}
        admin: {host: 127.0.0.1, port: 0}
        pool: {endpoints: [{url: "http://127.0.0.1:%d", models: [m]}]}
        flowControl:
          saturationDetector: {pluginRef: {type: concurrency, parameters: {maxConcurrency: 1}}}
        """
            .formatted(folder.resolve("requests.jsonl"), endpoint.getAddress().getPort());
    Files.writeString(folder.resolve("sluice.yaml"), yaml);
    try (threads;
        var server = SluiceServer.start(new ConfigLoader().load(yaml, "sluice.yaml"));
        var client = HttpClient.newHttpClient()) {
      var controller = server.controller();
      await().atMost(SOON).until(() -> controller.view().hasEndpoints());
      var uri = URI.create("http://127.0.0.1:" + server.port() + "/v1/chat/completions");
      var post = HttpRequest.newBuilder(uri).POST(BodyPublishers.ofString(CHAT)).build();
      var calls = new ArrayList<CompletableFuture<HttpResponse<String>>>();
      for (var i = 0; i < REQUESTS; i++) {
        calls.add(client.sendAsync(post, BodyHandlers.ofString()));
      }
      await().atMost(SOON).until(() -> controller.view().queuedRequests() == REQUESTS - 1);
      answers.release(REQUESTS);
      for (var call : calls) {
        assertThat(call.get().statusCode()).isEqualTo(200);
      }
      await().atMost(SOON).until(() -> controller.view().runningRequests() == 0);
    } finally {
      endpoint.stop(0);
    }
    return Files.readAllLines(folder.resolve("requests.jsonl")).stream()
        .map(line -> JsonMapper.shared().readTree(line))
        .toList();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      exchange.getRequestBody().readAllBytes();
      if (exchange.getRequestMethod().equals("GET")) {
        exchange.sendResponseHeaders(
            exchange.getRequestURI().getPath().equals("/health") ? 200 : 404, -1);
        return;
      }
      answers.acquireUninterruptibly();
      exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
      exchange.sendResponseHeaders(200, 0);
      exchange.getResponseBody().write(EVENTS.getBytes(StandardCharsets.UTF_8));
    }
  }

  /** The same configuration and one server that takes a second for each request. */
  private JsonNode simulate() throws IOException {
    var err = new StringWriter();
    var command = SluiceCommand.commandLine().setErr(new PrintWriter(err, true));
    command.setOut(new PrintWriter(new StringWriter(), true));
    var json = folder.resolve("report.json");
    var code =
        command.execute(
            "simulate",
            "--config=" + folder.resolve("sluice.yaml"),
            "--workload=" + folder.resolve("requests.jsonl"),
            "--servers=1",
            "--slots=1",
            "--token-time=20ms",
            "--json=" + json);
    assertThat(code).as(err.toString()).isZero();
    return JsonMapper.shared().readTree(Files.readString(json));
  }

  private static long nanos(JsonNode line, String key) {
    return line.path(key).asLong();
  }
}
