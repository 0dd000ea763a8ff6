package dev.sluice.modelserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class ModelServerTest {
  private static final String STREAM =
      "{\"model\":\"sim\",\"stream\":true,\"stream_options\":{\"include_usage\":true},"
          + "\"max_tokens\":%d,\"messages\":[{\"role\":\"user\",\"content\":\"12345678\"}]}";

  private static ModelServer server(int running) {
    return ModelServer.start(
        ModelServerOptions.builder()
            .timeToFirstToken(Duration.ofMillis(5))
            .timePerOutputToken(Duration.ofMillis(2))
            .maxRunningSequences(running)
            .build());
  }

  private static HttpResponse<String> send(ModelServer server, String path, String body)
      throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(server.baseUrl() + path));
      if (!body.isEmpty()) {
        request.POST(HttpRequest.BodyPublishers.ofString(body));
      }
      return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
  }

  private static Socket open(ModelServer server) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    String body = String.format(STREAM, 100_000);
    socket
        .getOutputStream()
        .write(
            ("POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: "
                    + body.length()
                    + "\r\n\r\n"
                    + body)
                .getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  @Test
  void streamsOneEventPerTokenThenUsageThenDone() throws Exception {
    try (ModelServer server = server(1)) {
      String body = send(server, "/v1/chat/completions", String.format(STREAM, 3)).body();
      assertThat(body.split("\"delta\"", -1)).hasSize(4);
      assertThat(body).contains("\"prompt_tokens\":2,\"completion_tokens\":3,\"total_tokens\":5");
      assertThat(body).endsWith("data: [DONE]\n\n");
      assertThat(server.bytesWritten()).isEqualTo(body.length());
      assertThat(send(server, "/metrics", "").body())
          .contains("vllm:generation_tokens_total{model_name=\"sim\"} 3.0");
    }
  }

  @Test
  void secondRequestWaitsUntilTheFirstClientLeaves() throws Exception {
    try (ModelServer server = server(1);
        Socket first = open(server)) {
      await().until(() -> server.running() == 1);
      try (Socket second = open(server)) {
        await().until(() -> server.waiting() == 1);
        first.close();
        await().until(() -> server.started() == 2 && server.waiting() == 0);
        assertThat(server.cancelled()).isEqualTo(1);
        assertThat(second.isConnected()).isTrue();
      }
    }
  }

  @Test
  void faultsAreWhatTheySay() throws Exception {
    try (ModelServer server = server(1)) {
      String body = String.format(STREAM, 9);
      server.fault(Fault.ERROR);
      assertThat(send(server, "/v1/completions", body).statusCode()).isEqualTo(500);
      server.fault(Fault.RESET);
      assertThatThrownBy(() -> send(server, "/v1/completions", body))
          .isInstanceOf(IOException.class);
      server.fault(Fault.REFUSE);
      assertThatThrownBy(() -> send(server, "/v1/completions", body))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void answersEveryKindOfRequestInOpenAisForm() throws Exception {
    try (ModelServer server = server(1)) {
      String chat = "{\"model\":\"sim\",\"max_tokens\":2,\"messages\":[]}";
      assertThat(send(server, "/v1/chat/completions", chat).body())
          .contains("\"object\":\"chat.completion\"", "\"completion_tokens\":2");
      String response = "{\"model\":\"sim\",\"max_output_tokens\":2,\"input\":\"12345678\"}";
      assertThat(send(server, "/v1/responses", response).body())
          .contains("\"object\":\"response\"", "\"input_tokens\":2", "\"output_tokens\":2");
      String streamed = response.replace("\"input\"", "\"stream\":true,\"input\"");
      assertThat(send(server, "/v1/responses", streamed).body())
          .containsSubsequence(
              "event: response.created",
              "event: response.output_text.delta",
              "event: response.output_text.delta",
              "event: response.completed");
      String embedding = "{\"model\":\"sim\",\"input\":\"12345678\"}";
      assertThat(send(server, "/v1/embeddings", embedding).body())
          .contains("\"embedding\":[0.5,", "\"prompt_tokens\":2");
    }
  }

  @Test
  void floodsOnlyAsFastAsTheClientReads() throws Exception {
    try (ModelServer server = server(1);
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      socket
          .getOutputStream()
          .write(
              ("POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n"
                      + ModelServer.FLOOD_HEADER
                      + ": 400000000\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      assertThat(socket.getInputStream().read()).isEqualTo('H');
      await()
          .during(Duration.ofMillis(500))
          .atMost(Duration.ofSeconds(20))
          .until(server::bytesWritten, written -> written < 40_000_000);
    }
  }
}
