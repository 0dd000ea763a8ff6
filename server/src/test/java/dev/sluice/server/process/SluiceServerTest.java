package dev.sluice.server.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.modelserver.ModelServer;
import dev.sluice.modelserver.ModelServerOptions;
import dev.sluice.server.config.ConfigLoader;
import dev.sluice.server.config.LoadedConfig;
import dev.sluice.simulation.workload.TraceOptions;
import dev.sluice.simulation.workload.Traces;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Everything wired together, from the configuration file to the answers on both ports. */
class SluiceServerTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String CHAT =
      "{\"model\":\"sim\",\"max_tokens\":3,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

  private final HttpClient client = HttpClient.newHttpClient();

  @Test
  void servesFromAFileAndShowsItOnTheAdminPort() throws Exception {
    try (var first = modelServer();
        var second = modelServer();
        var server = SluiceServer.start(config(first, second))) {
      await().atMost(SOON).until(() -> get(server.adminPort(), "/readyz").statusCode() == 200);
      for (var i = 0; i < 4; i++) {
        assertThat(post(server.port(), CHAT).statusCode()).isEqualTo(200);
      }

      await().atMost(SOON).until(() -> server.controller().view().runningRequests() == 0);
      var metrics = get(server.adminPort(), "/metrics");
      assertThat(metrics.headers().firstValue("content-type").orElse("")).startsWith("text/plain");
      assertThat(metrics.body())
          .contains("llm_d_epp_flow_control_requests_total{")
          .contains("outcome=\"Dispatched\"")
          .contains("inference_extension_flow_control_pool_saturation{");
      assertThat(get(server.adminPort(), "/debug/flows").body())
          .contains("\"default-flow\"", "\"saturation\":0.0", "\"dispatchedRequests\":4");
      assertThat(get(server.adminPort(), "/healthz").body()).isEqualTo("ok\n");
      assertThat(get(server.adminPort(), "/nothing").statusCode()).isEqualTo(404);
      assertThat(get(server.port(), "/v1/models").body()).contains("\"id\":\"sim\"");
      assertThat(first.finished() + second.finished()).isEqualTo(4);
      assertThat(first.finished()).as("shared out").isBetween(1L, 3L);
    }
  }

  @ParameterizedTest
  @CsvSource({"utilization-detector, utilization", "ledger, ledger"})
  void countsStaleEndpointsWhereTheDetectorReadsSamples(String detector, String type)
      throws Exception {
    try (var endpoint = modelServer();
        var server = SluiceServer.start(configWithDetector(endpoint, detector))) {
      assertThat(get(server.adminPort(), "/metrics").body())
          .contains("\nllm_d_epp_flow_control_stale_endpoints{detector=\"" + type + "\"} ");
    }
  }

  @Test
  void countsNoStaleEndpointsWhereTheDetectorReadsNoSamples() throws Exception {
    try (var endpoint = modelServer();
        var server = SluiceServer.start(configWithDetector(endpoint, "concurrency-detector"))) {
      assertThat(get(server.adminPort(), "/metrics").body()).doesNotContain("stale_endpoints");
    }
  }

  @Test
  void isNotReadyWhileNoEndpointIsHealthy() throws Exception {
    var config =
        new ConfigLoader()
            .load(
                """
                gateway: {host: 127.0.0.1, port: 0}
                admin: {host: 127.0.0.1, port: 0}
                flowControl: {noEndpointRequestTTL: 100ms}
                pool: {endpoints: [{url: "http://127.0.0.1:1"}]}
                """,
                "sluice.yaml");
    try (var server = SluiceServer.start(config)) {
      assertThat(get(server.adminPort(), "/readyz").statusCode()).isEqualTo(503);
      var refused = post(server.port(), CHAT);
      assertThat(refused.statusCode()).isEqualTo(503);
      assertThat(refused.headers().firstValue("x-llm-d-request-dropped-reason"))
          .hasValue("rejected-no-endpoints");
    }
  }

  @Test
  void isReadyWhileAnyModelIsServedAndNamesThoseThatAreNot() throws Exception {
    try (var endpoint = modelServer()) {
      var config =
          new ConfigLoader()
              .load(
                  """
                  gateway: {host: 127.0.0.1, port: 0}
                  admin: {host: 127.0.0.1, port: 0}
                  pool:
                    endpoints:
                      - {url: "%s"}
                      - {url: "http://127.0.0.1:1", models: [ghost]}
                  """
                      .formatted(endpoint.baseUrl()),
                  "sluice.yaml");
      try (var server = SluiceServer.start(config)) {
        await().atMost(SOON).until(() -> get(server.adminPort(), "/readyz").statusCode() == 200);
        await()
            .atMost(SOON)
            .until(() -> get(server.adminPort(), "/readyz").body().endsWith("for: ghost\n"));
        assertThat(get(server.adminPort(), "/readyz").statusCode()).isEqualTo(200);
      }
    }
  }

  @Test
  void endsRunningRequestsAndTakesNoNewOnesWhenItShutsDown() throws Exception {
    try (var endpoint = modelServer(Duration.ofSeconds(2));
        var server = SluiceServer.start(config(endpoint))) {
      await().atMost(SOON).until(() -> get(server.adminPort(), "/readyz").statusCode() == 200);
      var running = CompletableFuture.supplyAsync(() -> statusOf(server.port()));
      await().atMost(SOON).until(() -> server.controller().view().runningRequests() == 1);

      var closing = CompletableFuture.runAsync(server::close);

      await().atMost(SOON).until(() -> get(server.adminPort(), "/readyz").statusCode() == 503);
      assertThat(get(server.adminPort(), "/healthz").statusCode()).isEqualTo(200);
      assertThat(post(server.port(), CHAT).statusCode()).isEqualTo(503);
      assertThat(running.get(30, TimeUnit.SECONDS)).isEqualTo(200);
      closing.get(30, TimeUnit.SECONDS);
    }
  }

  private int statusOf(int port) {
    try {
      return post(port, CHAT).statusCode();
    } catch (Exception e) {
      throw new IllegalStateException("the request got no answer", e);
    }
  }

  @Test
  void saysWhichPortIsTaken() throws Exception {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var yaml =
          """
          gateway: {host: 127.0.0.1, port: %d}
          admin: {host: 127.0.0.1, port: 0}
          pool: {endpoints: [{url: "http://127.0.0.1:1"}]}
          """
              .formatted(taken.getLocalPort());
      var config = new ConfigLoader().load(yaml, "sluice.yaml");

      assertThatThrownBy(() -> SluiceServer.start(config))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("cannot listen on 127.0.0.1:" + taken.getLocalPort());
    }
  }

  private static ModelServer modelServer() {
    return modelServer(Duration.ofMillis(2));
  }

  private static ModelServer modelServer(Duration timeToFirstToken) {
    return ModelServer.start(
        ModelServerOptions.builder()
            .timeToFirstToken(timeToFirstToken)
            .timePerOutputToken(Duration.ofMillis(1))
            .build());
  }

  private static LoadedConfig configWithDetector(ModelServer endpoint, String detector)
      throws Exception {
    return new ConfigLoader()
        .load(
            """
            gateway: {host: 127.0.0.1, port: 0}
            admin: {host: 127.0.0.1, port: 0}
            flowControl: {saturationDetector: {pluginRef: %s}}
            pool: {endpoints: [{url: "%s"}]}
            """
                .formatted(detector, endpoint.baseUrl()),
            "sluice.yaml");
  }

  @Test
  void writesALogThatTheSimulatorCanReplay(@TempDir Path folder) throws Exception {
    var file = folder.resolve("requests.jsonl");
    try (var endpoint = modelServer()) {
      var yaml =
          """
          gateway: {host: 127.0.0.1, port: 0, requestLog: "%s"}
          admin: {host: 127.0.0.1, port: 0}
          pool: {endpoints: [{url: "%s"}]}
          """
              .formatted(file, endpoint.baseUrl());
      try (var server = SluiceServer.start(new ConfigLoader().load(yaml, "sluice.yaml"))) {
        await().atMost(SOON).until(() -> get(server.adminPort(), "/readyz").statusCode() == 200);
        assertThat(post(server.port(), CHAT).statusCode()).isEqualTo(200);
        assertThat(post(server.port(), CHAT).statusCode()).isEqualTo(200);
        await().atMost(SOON).until(() -> server.controller().view().runningRequests() == 0);
      }
    }

    var replayed = Traces.open(file, TraceOptions.DEFAULT);
    assertThat(replayed.next()).isNotNull();
    var second = Objects.requireNonNull(replayed.next());
    assertThat(replayed.next()).isNull();
    assertThat(second.tenant()).isEqualTo("default-flow");
    assertThat(second.model()).isEqualTo("sim");
    assertThat(second.outputTokens()).isEqualTo(3);
    assertThat(second.maxOutputTokens()).isEqualTo(3);
    assertThat(second.inputTokens()).isPositive();
    assertThat(second.atNanos()).isPositive();
    assertThat(Files.readString(file)).contains("Dispatched").doesNotContain("hi", "messages");
  }

  @Test
  void saysWhichRequestLogItCannotWrite(@TempDir Path folder) throws Exception {
    var yaml =
        """
        gateway: {host: 127.0.0.1, port: 0, requestLog: "%s"}
        admin: {host: 127.0.0.1, port: 0}
        pool: {endpoints: [{url: "http://127.0.0.1:1"}]}
        """
            .formatted(folder.resolve("missing/requests.jsonl"));
    var config = new ConfigLoader().load(yaml, "sluice.yaml");

    assertThatThrownBy(() -> SluiceServer.start(config))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("gateway.requestLog: cannot write to")
        .hasMessageContaining("requests.jsonl");
  }

  private static LoadedConfig config(ModelServer... endpoints) throws Exception {
    var urls = Arrays.stream(endpoints).map(e -> "{url: \"" + e.baseUrl() + "\"}").toList();
    var yaml =
        """
        gateway: {host: 127.0.0.1, port: 0}
        admin: {host: 127.0.0.1, port: 0}
        pool: {endpoints: %s}
        """
            .formatted(urls);
    return new ConfigLoader().load(yaml, "sluice.yaml");
  }

  private HttpResponse<String> get(int port, String path) throws Exception {
    var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private HttpResponse<String> post(int port, String body) throws Exception {
    var uri = URI.create("http://127.0.0.1:" + port + "/v1/chat/completions");
    return client.send(
        HttpRequest.newBuilder(uri).POST(BodyPublishers.ofString(body)).build(),
        BodyHandlers.ofString());
  }
}
