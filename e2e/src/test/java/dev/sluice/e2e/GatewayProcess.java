package dev.sluice.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A gateway in a process of its own, with a configuration as a user would write it. */
final class GatewayProcess implements AutoCloseable {
  private final Process process;
  private final Path log;
  private final int port;
  private final int adminPort;
  private final HttpClient http = HttpClient.newHttpClient();

  private GatewayProcess(Process process, Path log, int port, int adminPort) {
    this.process = process;
    this.log = log;
    this.port = port;
    this.adminPort = adminPort;
  }

  /**
   * Starts a gateway in {@code folder} and waits until it is ready.
   *
   * @param configuration the configuration without the ports
   */
  static GatewayProcess start(Path folder, String configuration) throws IOException {
    int port;
    int adminPort;
    try (var first = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        var second = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = first.getLocalPort();
      adminPort = second.getLocalPort();
    }
    var file = folder.resolve("sluice.yaml");
    Files.writeString(
        file,
        "gateway: {port: %d}%nadmin: {port: %d}%n".formatted(port, adminPort) + configuration);
    var log = folder.resolve("gateway.log");
    var process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:+UseCompactObjectHeaders",
                    "-ea",
                    "--enable-native-access=ALL-UNNAMED",
                    "-Xmx256m",
                    "-cp",
                    System.getProperty("java.class.path"),
                    "dev.sluice.server.SluiceCommand",
                    "serve",
                    "--config",
                    file.toString()))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    var gateway = new GatewayProcess(process, log, port, adminPort);
    try {
      await("the gateway is ready").atMost(Duration.ofSeconds(30)).until(gateway::isReady);
    } catch (RuntimeException e) {
      gateway.close();
      throw new IllegalStateException(gateway.log(), e);
    }
    return gateway;
  }

  /** The base URL for clients of the OpenAI API. */
  URI base() {
    return URI.create("http://127.0.0.1:" + port + "/v1");
  }

  /** A page of the admin port. */
  String admin(String path) throws IOException, InterruptedException {
    var page = URI.create("http://127.0.0.1:" + adminPort + path);
    return http.send(HttpRequest.newBuilder(page).build(), BodyHandlers.ofString()).body();
  }

  /** The output of the gateway so far. */
  String log() throws IOException {
    return Files.readString(log, UTF_8);
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(15, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError("the gateway did not stop in 15 s");
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    http.close();
  }

  private boolean isReady() throws InterruptedException {
    if (!process.isAlive()) {
      throw new IllegalStateException("the gateway ended with exit code " + process.exitValue());
    }
    var page = URI.create("http://127.0.0.1:" + adminPort + "/readyz");
    try {
      return http.send(HttpRequest.newBuilder(page).build(), BodyHandlers.discarding()).statusCode()
          == 200;
    } catch (IOException e) {
      return false;
    }
  }
}
