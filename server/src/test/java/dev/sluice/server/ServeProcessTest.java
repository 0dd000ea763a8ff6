package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.modelserver.ModelServer;
import dev.sluice.modelserver.ModelServerOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests how {@code sluice serve} ends as a process. */
class ServeProcessTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Pattern PORTS =
      Pattern.compile("Serving on port (\\d+), for operators on port (\\d+)");
  private static final Pattern DATED =
      Pattern.compile(
          "(?m)^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}(Z|[+-]\\d\\d:\\d\\d) INFO .* Serving");

  private final HttpClient client = HttpClient.newHttpClient();

  @TempDir private Path folder = Path.of("");

  @Test
  void endsWhatRunsAndTakesNothingNewWhenItIsTerminated() throws Exception {
    var slow =
        ModelServerOptions.builder()
            .timeToFirstToken(Duration.ofSeconds(3))
            .timePerOutputToken(Duration.ofMillis(1))
            .build();
    try (var endpoint = ModelServer.start(slow);
        var sluice = serve(0, 0, endpoint.baseUrl())) {
      await().atMost(SOON).until(() -> PORTS.matcher(sluice.output()).find());
      var ports = PORTS.matcher(sluice.output());
      assertThat(ports.find()).isTrue();
      assertThat(sluice.output()).containsPattern(DATED);
      var port = Integer.parseInt(ports.group(1));
      var admin = URI.create("http://127.0.0.1:" + ports.group(2) + "/readyz");
      await().atMost(SOON).until(() -> get(admin).statusCode() == 200);
      var running = post(port);
      await().atMost(SOON).until(() -> endpoint.running() == 1);

      sluice.terminate();

      await().atMost(SOON).until(() -> get(admin).statusCode() == 503);
      assertThat(post(port).get(60, TimeUnit.SECONDS).statusCode()).isEqualTo(503);
      assertThat(running.get(60, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
      assertThat(sluice.exitCode()).as(sluice.output()).isEqualTo(143);
      assertThat(sluice.output()).contains("Drained: no request was cut off");
      assertThat(endpoint.finished()).isEqualTo(1);
      assertThat(endpoint.cancelled()).isZero();
    }
  }

  @Test
  void keepsDescriptorsForTheEndpointsOfClientsThatSend() throws Exception {
    try (var endpoint = ModelServer.start(ModelServerOptions.builder().build());
        var sluice =
            SluiceProcess.startWithDescriptors(
                folder, 256, "serve", "--config", config(0, 0, endpoint.baseUrl()))) {
      await().atMost(SOON).until(() -> PORTS.matcher(sluice.output()).find());
      var ports = PORTS.matcher(sluice.output());
      assertThat(ports.find()).isTrue();
      var port = Integer.parseInt(ports.group(1));
      var admin = URI.create("http://127.0.0.1:" + ports.group(2) + "/readyz");
      await().atMost(SOON).until(() -> get(admin).statusCode() == 200);
      var idle = new ArrayList<Socket>();
      try {
        for (var i = 0; i < 400; i++) {
          idle.add(new Socket(InetAddress.getLoopbackAddress(), port));
        }

        // In the middle of the burst a newcomer may be refused, before the gateway has closed those
        // that idle.
        await()
            .atMost(SOON)
            .ignoreExceptionsMatching(thrown -> thrown.getCause() instanceof IOException)
            .until(() -> post(port).get(60, TimeUnit.SECONDS).statusCode() == 200);
        assertThat(get(admin).statusCode()).isEqualTo(200);
      } finally {
        for (var socket : idle) {
          socket.close();
        }
      }
    }
  }

  @Test
  void goesOnWhenItsTerminalIsClosed() throws Exception {
    try (var endpoint = ModelServer.start(ModelServerOptions.builder().build());
        var sluice = serve(0, 0, endpoint.baseUrl())) {
      await().atMost(SOON).until(() -> PORTS.matcher(sluice.output()).find());

      sluice.hangUp();

      await().atMost(SOON).until(() -> sluice.output().contains("SIGHUP is ignored"));
      var ports = PORTS.matcher(sluice.output());
      assertThat(ports.find()).isTrue();
      var health = URI.create("http://127.0.0.1:" + ports.group(1) + "/health");
      assertThat(get(health).statusCode()).isEqualTo(200);
      var metrics = URI.create("http://127.0.0.1:" + ports.group(2) + "/metrics");
      assertThat(get(metrics).body())
          .contains("sluice_client_connections 1.0", "sluice_client_connections_refused_total 0.0");
      sluice.terminate();
      assertThat(sluice.exitCode()).as(sluice.output()).isEqualTo(143);
    }
  }

  @Test
  void saysHowManyRequestsItCutsOff() throws Exception {
    var endless =
        ModelServerOptions.builder()
            .timeToFirstToken(Duration.ofMillis(1))
            .timePerOutputToken(Duration.ofMinutes(1))
            .build();
    try (var endpoint = ModelServer.start(endless);
        var sluice = serve(0, 0, endpoint.baseUrl())) {
      await().atMost(SOON).until(() -> PORTS.matcher(sluice.output()).find());
      var ports = PORTS.matcher(sluice.output());
      assertThat(ports.find()).isTrue();
      var admin = URI.create("http://127.0.0.1:" + ports.group(2) + "/readyz");
      await().atMost(SOON).until(() -> get(admin).statusCode() == 200);
      var first = stream(Integer.parseInt(ports.group(1)));
      var second = stream(Integer.parseInt(ports.group(1)));
      await().atMost(SOON).until(() -> endpoint.running() == 2);

      sluice.terminate();

      assertThat(sluice.exitCode()).as(sluice.output()).isEqualTo(143);
      assertThat(sluice.output()).contains("Requests that still run and are cut off now: 2.");
      assertThat(first).failsWithin(SOON);
      assertThat(second).failsWithin(SOON);
    }
  }

  @Test
  void saysWhichPortIsTakenAndEnds() throws Exception {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var port = taken.getLocalPort();
      try (var gateway = serve(port, 0, "http://127.0.0.1:1");
          var admin = serve(0, port, "http://127.0.0.1:1")) {
        assertThat(gateway.exitCode()).isEqualTo(1);
        assertThat(gateway.output())
            .contains("sluice: cannot listen on 127.0.0.1:" + port)
            .doesNotContain("\tat ");
        assertThat(admin.exitCode()).isEqualTo(1);
        assertThat(admin.output())
            .contains("sluice: cannot listen on 127.0.0.1:" + port)
            .doesNotContain("\tat ");
      }
    }
  }

  private SluiceProcess serve(int port, int adminPort, String endpoint) throws Exception {
    return SluiceProcess.start(folder, "serve", "--config", config(port, adminPort, endpoint));
  }

  private String config(int port, int adminPort, String endpoint) throws Exception {
    var config = Files.createTempFile(folder, "sluice", ".yaml");
    Files.writeString(
        config,
        """
        gateway: {host: 127.0.0.1, port: %d}
        admin: {host: 127.0.0.1, port: %d}
        pool: {endpoints: [{url: "%s"}]}
        flowControl: {drain: 8s}
        """
            .formatted(port, adminPort, endpoint));
    return config.toString();
  }

  private HttpResponse<String> get(URI uri) throws Exception {
    return client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
  }

  private CompletableFuture<HttpResponse<String>> post(int port) {
    return post(port, "{\"model\":\"sim\",\"max_tokens\":3,\"messages\":[]}");
  }

  private CompletableFuture<HttpResponse<String>> stream(int port) {
    return post(port, "{\"model\":\"sim\",\"max_tokens\":3,\"stream\":true,\"messages\":[]}");
  }

  private CompletableFuture<HttpResponse<String>> post(int port, String body) {
    var uri = URI.create("http://127.0.0.1:" + port + "/v1/chat/completions");
    return client.sendAsync(
        HttpRequest.newBuilder(uri).POST(BodyPublishers.ofString(body)).build(),
        BodyHandlers.ofString());
  }
}
