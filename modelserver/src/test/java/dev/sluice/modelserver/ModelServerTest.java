package dev.sluice.modelserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class ModelServerTest {
  private static final String STREAM =
      "{\"model\":\"sim\",\"stream\":true,\"stream_options\":{\"include_usage\":true},"
          + "\"max_tokens\":%d,\"messages\":[{\"role\":\"user\",\"content\":\"12345678\"}]}";

  private static final Duration SOON = Duration.ofMillis(1);

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
    return open(server, "sim");
  }

  private static Socket open(ModelServer server, String model) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    String body = String.format(STREAM, 100_000).replace("sim", model);
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
      server.fault(Fault.GARBAGE);
      assertThat(send(server, "/v1/completions", body).body()).isEqualTo("<<< not json");
      server.fault(Fault.NONE);
      assertThat(send(server, "/v1/completions", body).body()).endsWith("data: [DONE]\n\n");
    }
  }

  @Test
  void refusesConnectionsUntilTheFaultIsLifted() throws Exception {
    try (ModelServer server = server(1);
        Socket open = open(server)) {
      await().until(() -> server.running() == 1);
      int port = server.port();

      server.fault(Fault.REFUSE);

      assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), port).close())
          .isInstanceOf(ConnectException.class);
      await().until(() -> server.cancelled() == 1);
      server.fault(Fault.REFUSE);
      server.fault(Fault.NONE);
      assertThat(server.port()).isEqualTo(port);
      assertThat(send(server, "/health", "").statusCode()).isEqualTo(200);
      server.fault(Fault.REFUSE);
    }
  }

  @Test
  void saysThatItsPortIsTaken() {
    try (ModelServer server = server(1)) {
      ModelServerOptions same = ModelServerOptions.builder().port(server.port()).build();

      assertThatThrownBy(() -> ModelServer.start(same))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("cannot listen on 127.0.0.1:" + server.port());
    }
  }

  @Test
  void resetsAConnectionInTheMiddleOfItsStream() throws Exception {
    try (ModelServer server = server(1)) {
      server.fault(Fault.RESET);

      try (Socket socket = open(server)) {
        var read = new ByteArrayOutputStream();
        assertThatThrownBy(() -> socket.getInputStream().transferTo(read))
            .isInstanceOf(SocketException.class)
            .hasMessageContaining("reset");
        assertThat(read.toString(StandardCharsets.US_ASCII).split("data: ", -1)).hasSize(3);
      }
      await().until(() -> server.running() == 0);
    }
  }

  @Test
  void meetsTheFaultThatARequestAsksForWhereThatIsAllowed() throws Exception {
    String body = "{\"model\":\"sim\",\"max_tokens\":3,\"prompt\":\"hi\"}";
    try (ModelServer lenient =
            ModelServer.start(
                ModelServerOptions.builder().timeToFirstToken(SOON).faultHeader(true).build());
        ModelServer strict = server(1)) {
      assertThat(withFault(lenient, body, "error").statusCode()).isEqualTo(500);
      assertThat(withFault(lenient, body, "garbage").body()).isEqualTo("<<< not json");
      assertThatThrownBy(() -> withFault(lenient, body, "reset")).isInstanceOf(IOException.class);
      assertThat(withFault(lenient, body, "refuse").statusCode()).isEqualTo(400);
      assertThat(withFault(lenient, body, "nonsense").body())
          .contains("x-sluice-fault: allowed [error, garbage, hang, none, reset, slow]");
      assertThat(send(lenient, "/v1/completions", body).statusCode()).isEqualTo(200);
      lenient.fault(Fault.ERROR);
      assertThat(withFault(lenient, body, "none").statusCode()).isEqualTo(200);
      assertThat(withFault(strict, body, "error").statusCode()).isEqualTo(200);
    }
  }

  private static HttpResponse<String> withFault(ModelServer server, String body, String fault)
      throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(URI.create(server.baseUrl() + "/v1/completions"))
              .header(ModelServer.FAULT_HEADER, fault)
              .POST(HttpRequest.BodyPublishers.ofString(body))
              .build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  @Test
  void servesAdaptersAndSaysWhichRun() throws Exception {
    try (ModelServer server =
        ModelServer.start(
            ModelServerOptions.builder()
                .models(List.of("sim", "other"))
                .adapters(List.of(new Adapter("poet", "other"), new Adapter("cook", "other")))
                .maxAdapters(1)
                .timeToFirstToken(Duration.ofMillis(5))
                .timePerOutputToken(Duration.ofMillis(2))
                .build())) {
      assertThat(send(server, "/v1/models", "").body())
          .contains("{\"object\":\"model\",\"id\":\"poet\",\"parent\":\"other\"}");
      try (Socket running = open(server, "poet");
          Socket waiting = open(server, "cook")) {
        await().until(() -> server.running() == 1 && server.waiting() == 1);
        assertThat(send(server, "/metrics", "").body())
            .contains(
                "vllm:num_requests_running{model_name=\"sim\"} 0.0",
                "vllm:num_requests_running{model_name=\"other\"} 1.0",
                "vllm:num_requests_waiting{model_name=\"other\"} 1.0")
            .containsPattern(
                "vllm:lora_requests_info\\{max_lora=\"1\",running_lora_adapters=\"poet\","
                    + "waiting_lora_adapters=\"cook\"} [0-9.E]+\n");
        assertThat(running.isConnected() && waiting.isConnected()).isTrue();
      }
      await().until(() -> server.running() == 0 && server.waiting() == 0);
    }
  }

  @Test
  void preemptsWhenItsCacheRunsOutAndFinishesAllTheSame() throws Exception {
    try (ModelServer server =
        ModelServer.start(
            ModelServerOptions.builder()
                .timeToFirstToken(Duration.ofMillis(5))
                .timePerOutputToken(Duration.ofMillis(2))
                .kvTokens(40)
                .jitter(0.3)
                .build())) {
      String body = String.format(STREAM, 30);
      var answers =
          Stream.generate(() -> sendLater(server, body)).limit(3).toList().stream()
              .map(CompletableFuture::join)
              .toList();

      assertThat(answers)
          .allSatisfy(answer -> {
            assertThat(answer.split("\"delta\"", -1)).hasSize(31);
            assertThat(answer).contains("\"completion_tokens\":30").endsWith("[DONE]\n\n");
          });
      assertThat(server.preempted()).isPositive();
      assertThat(server.started()).as("a request starts once").isEqualTo(3);
      assertThat(server.running() + server.waiting()).isZero();
      assertThat(send(server, "/metrics", "").body())
          .contains(
              "vllm:num_preemptions_total{model_name=\"sim\"} " + (double) server.preempted(),
              "vllm:kv_cache_usage_perc{model_name=\"sim\"} 0.0",
              "vllm:prompt_tokens_total{model_name=\"sim\"} 6.0",
              "vllm:generation_tokens_total{model_name=\"sim\"} 90.0");
    }
  }

  private static CompletableFuture<String> sendLater(ModelServer server, String body) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return send(server, "/v1/chat/completions", body).body();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
          }
        },
        command -> Thread.ofVirtual().start(command));
  }

  @Test
  void measuresTheTimeToTheFirstToken() throws Exception {
    try (ModelServer server = server(1)) {
      send(server, "/v1/chat/completions", String.format(STREAM, 3));

      assertThat(send(server, "/metrics", "").body())
          .contains(
              "# TYPE vllm:time_to_first_token_seconds histogram",
              "vllm:time_to_first_token_seconds_bucket{model_name=\"sim\",le=\"0.001\"} 0.0",
              "vllm:time_to_first_token_seconds_bucket{model_name=\"sim\",le=\"2560.0\"} 1.0",
              "vllm:time_to_first_token_seconds_bucket{model_name=\"sim\",le=\"+Inf\"} 1.0",
              "vllm:time_to_first_token_seconds_count{model_name=\"sim\"} 1.0");
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

  private static ModelServer withHabits(int running, Habits habits) {
    return ModelServer.start(
        ModelServerOptions.builder()
            .timeToFirstToken(Duration.ofMillis(5))
            .timePerOutputToken(Duration.ofMillis(2))
            .maxRunningSequences(running)
            .habits(habits)
            .build());
  }

  @Test
  void sendsTheHeadOfAnAnswerThatHasToWait() throws Exception {
    try (ModelServer server = withHabits(1, new Habits(0, 0, true, Habits.Metrics.VLLM));
        Socket first = open(server);
        Socket second = open(server)) {
      second.setSoTimeout(10_000);
      await().until(() -> server.running() == 1 && server.waiting() == 1);
      assertThat(first.isConnected()).isTrue();

      var head = new String(second.getInputStream().readNBytes(15), StandardCharsets.US_ASCII);

      assertThat(head).isEqualTo("HTTP/1.1 200 OK");
      assertThat(server.waiting()).isEqualTo(1);
    }
  }

  @Test
  void readsAsManyPromptsAtOnceAsItIsTold() throws Exception {
    try (ModelServer server =
            ModelServer.start(
                ModelServerOptions.builder()
                    .timeToFirstToken(Duration.ofMinutes(1))
                    .maxRunningSequences(8)
                    .habits(new Habits(1, 0, false, Habits.Metrics.VLLM))
                    .build());
        Socket first = open(server)) {
      await().until(() -> server.running() == 1);
      try (Socket second = open(server)) {
        await().until(() -> server.waiting() == 1);
        assertThat(server.running()).isEqualTo(1);

        first.close();

        await().until(() -> server.running() == 1 && server.waiting() == 0);
        assertThat(second.isConnected()).isTrue();
      }
    }
  }

  @Test
  void showsItsLoadUnderTheNamesOfLlamaCppOrNotAtAll() throws Exception {
    try (ModelServer llama = withHabits(1, new Habits(0, 0, false, Habits.Metrics.LLAMA_CPP));
        ModelServer silent = withHabits(1, new Habits(0, 0, false, Habits.Metrics.NONE));
        Socket first = open(llama);
        Socket second = open(llama)) {
      await().until(() -> llama.running() == 1 && llama.waiting() == 1);
      assertThat(first.isConnected() && second.isConnected()).isTrue();

      assertThat(send(llama, "/metrics", "").body())
          .contains("\nllamacpp:requests_processing 1\n", "\nllamacpp:requests_deferred 1\n");
      assertThat(send(silent, "/metrics", "").statusCode()).isEqualTo(404);
    }
  }

  @Test
  void updatesItsNumbersOnlyEveryFewTokens() throws Exception {
    try (ModelServer server = withHabits(1, new Habits(0, 1_000_000, false, Habits.Metrics.VLLM));
        Socket first = open(server)) {
      await().until(() -> server.running() == 1);
      assertThat(first.isConnected()).isTrue();

      assertThat(send(server, "/metrics", "").body())
          .contains("vllm:num_requests_running{model_name=\"sim\"} 0.0");
    }
  }
}
