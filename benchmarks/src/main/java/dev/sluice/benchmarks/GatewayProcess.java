package dev.sluice.benchmarks;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * A gateway in a process of its own, with the features that its users have: tenants by key, usage
 * reading, metrics, and fair flow control.
 */
final class GatewayProcess implements AutoCloseable {
  static final String API_KEY = "benchmark-key";
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final Process process;
  private final Path config;
  private final Path log;
  private final int port;

  /** The seconds from the command to the first answer. */
  private final double startSeconds;

  private GatewayProcess(List<String> command, int endpointPort, int limit)
      throws IOException, InterruptedException {
    port = freePort();
    config = Files.createTempFile("sluice-bench", ".yaml");
    log = Files.createTempFile("sluice-bench", ".log");
    Files.writeString(config, config(port, freePort(), endpointPort, limit));
    var whole = new ArrayList<>(command);
    whole.add("serve");
    whole.add("--config");
    whole.add(config.toString());
    var begin = System.nanoTime();
    process =
        new ProcessBuilder(whole)
            .redirectErrorStream(true)
            .redirectOutput(Redirect.to(log.toFile()))
            .start();
    try {
      awaitAnswer(begin);
    } catch (IOException | InterruptedException e) {
      close();
      throw e;
    }
    startSeconds = (System.nanoTime() - begin) / 1e9;
  }

  /**
   * Starts a gateway with the options of this JVM, and waits for the first answer.
   *
   * @param endpointPort the port of the gateway's one endpoint
   * @param limit the number of requests that may run at once
   */
  static GatewayProcess start(int endpointPort, int limit)
      throws IOException, InterruptedException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add("dev.sluice.server.SluiceCommand");
    return new GatewayProcess(command, endpointPort, limit);
  }

  /** Starts a gateway by the launcher, which adds options of its own. */
  static GatewayProcess start(File launcher, int endpointPort, int limit)
      throws IOException, InterruptedException {
    return new GatewayProcess(List.of(launcher.getPath()), endpointPort, limit);
  }

  private static String config(int port, int adminPort, int endpointPort, int limit) {
    return """
    gateway: {host: 127.0.0.1, port: %d, requireApiKey: true}
    admin: {host: 127.0.0.1, port: %d}
    pool: {endpoints: [{url: "http://127.0.0.1:%d"}]}
    tenants: [{id: measured, weight: 2, apiKeySha256: [%s]}]
    flowControl:
      defaultPriorityBand: {priority: 0, fairnessPolicyRef: virtual-token}
      saturationDetector:
        pluginRef: {type: concurrency, parameters: {maxConcurrency: %d}}
    """
        .formatted(port, adminPort, endpointPort, sha256(API_KEY), limit);
  }

  private static String sha256(String text) {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.US_ASCII)));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private void awaitAnswer(long begin) throws IOException, InterruptedException {
    var client = new LoadClient(port, LoadClient.request(API_KEY, false, 10));
    while (System.nanoTime() - begin < PATIENCE_NANOS && process.isAlive()) {
      try (var probe = new Socket(InetAddress.getLoopbackAddress(), port)) {
        if (probe.isConnected()) {
          client.send(1, 1);
          return;
        }
      } catch (IOException | ExecutionException e) {
        Thread.sleep(2); // the gateway does not listen yet, or knows no endpoint yet
      }
    }
    throw new IOException("the gateway did not start. Its output: " + Files.readString(log));
  }

  int port() {
    return port;
  }

  double startSeconds() {
    return startSeconds;
  }

  /** The CPU time of the gateway, in seconds; NaN if the system does not report it. */
  double cpuSeconds() {
    return process.info().totalCpuDuration().map(used -> used.toNanos() / 1e9).orElse(Double.NaN);
  }

  /** The resident memory of the gateway, in bytes; NaN if the system does not report it. */
  double residentBytes() throws IOException {
    var status = Path.of("/proc", Long.toString(process.pid()), "status");
    if (!Files.isReadable(status)) {
      return Double.NaN;
    }
    for (var line : Files.readAllLines(status)) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) * 1024.0;
      }
    }
    return Double.NaN;
  }

  @Override
  public void close() throws IOException {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    Files.deleteIfExists(config);
    Files.deleteIfExists(log);
  }
}
