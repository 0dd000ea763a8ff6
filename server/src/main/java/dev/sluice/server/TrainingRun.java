package dev.sluice.server;

import dev.sluice.modelserver.ModelServer;
import dev.sluice.modelserver.ModelServerOptions;
import dev.sluice.server.config.ConfigLoader;
import dev.sluice.server.process.SluiceServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import picocli.CommandLine;

/**
 * A gateway that lives for about a second, in front of a simulated model server. Meanwhile the JVM
 * records the classes and methods that a start needs: {@code java -XX:AOTCacheOutput=FILE}. With
 * that file the next start finds its classes loaded and linked, and knows the methods that are
 * worth compiling. The launcher runs this class once after each build.
 */
public final class TrainingRun {
  private static final int REQUESTS = 100;
  private static final int PATIENCE_MILLIS = 20_000;

  private TrainingRun() {}

  /**
   * Runs the gateway; nothing is printed.
   *
   * @throws IllegalStateException if an answer is wrong; the file is of no use then
   */
  public static void main(String[] args) throws Exception {
    var options =
        ModelServerOptions.builder()
            .timeToFirstToken(Duration.ofMillis(1))
            .timePerOutputToken(Duration.ofMillis(1))
            .build();
    var config = Files.createTempFile("sluice-training", ".yaml");
    try (var endpoint = ModelServer.start(options)) {
      Files.writeString(
          config,
          """
          gateway: {host: 127.0.0.1, port: 0}
          admin: {host: 127.0.0.1, port: 0}
          pool: {endpoints: [{url: "%s"}]}
          """
              .formatted(endpoint.baseUrl()));
      serve(config);
    } finally {
      Files.delete(config);
    }
  }

  private static void serve(Path config) throws Exception {
    var silent = new PrintWriter(Writer.nullWriter());
    var code = SluiceCommand.commandLine().setOut(silent).execute("check", config.toString());
    if (code != CommandLine.ExitCode.OK) {
      throw new IllegalStateException("sluice check ended with code " + code);
    }
    try (var server = SluiceServer.start(new ConfigLoader().load(config))) {
      for (var i = 0; i < REQUESTS; i++) {
        request(server.port(), "POST", "/v1/chat/completions", body(i % 2 == 1));
      }
      request(server.adminPort(), "GET", "/metrics", "");
      request(server.adminPort(), "GET", "/readyz", "");
    }
  }

  private static String body(boolean stream) {
    return """
    {"model":"sim","stream":%b,"max_tokens":8,
     "messages":[{"role":"user","content":"How do I start quickly?"}]}
    """
        .formatted(stream);
  }

  /**
   * Sends a request over a plain socket, because an HTTP client would fill the file with classes of
   * its own.
   */
  private static void request(int port, String method, String path, String body)
      throws IOException {
    try (var socket = new Socket()) {
      socket.setSoTimeout(PATIENCE_MILLIS);
      socket.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), port), PATIENCE_MILLIS);
      var request =
          method
              + " "
              + path
              + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
              + "Content-Type: application/json\r\nContent-Length: "
              + body.length()
              + "\r\n\r\n"
              + body;
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      var answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
      if (!answer.startsWith("HTTP/1.1 200 ")) {
        throw new IllegalStateException(method + " " + path + ": " + answer);
      }
    }
  }
}
