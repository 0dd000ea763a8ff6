package dev.sluice.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.e2e.Ask.Scenario;
import dev.sluice.modelserver.ModelServer;
import dev.sluice.modelserver.ModelServerOptions;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * The guarantees on which every client of the OpenAI API can rely if Sluice stands between it and
 * the model servers. All clients run the same tests, against a gateway in a process of its own.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ClientContract {
  private static final String GOLD_KEY = "sk-gold";
  private static final String BATCH_KEY = "sk-batch";

  private final OpenAiClient client;
  private List<ModelServer> modelServers = List.of();
  private @Nullable GatewayProcess gateway;

  ClientContract(OpenAiClient client) {
    this.client = client;
  }

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    modelServers =
        List.of(
            ModelServer.start(ModelServerOptions.builder().models(List.of("sim")).build()),
            ModelServer.start(
                ModelServerOptions.builder().models(List.of("sim", "sim-large")).build()));
    gateway =
        GatewayProcess.start(
            folder,
            """
            pool:
              endpoints: [{url: "%s"}, {url: "%s"}]
            tenants:
              - {id: gold, priority: 10, apiKeySha256: ["%s"]}
              - id: batch
                priority: -1
                apiKeySha256: ["%s"]
                limits: {maxRunningRequests: 1, maxQueuedRequests: 1}
            """
                .formatted(
                    modelServers.getFirst().baseUrl(),
                    modelServers.getLast().baseUrl(),
                    sha256(GOLD_KEY),
                    sha256(BATCH_KEY)));
  }

  @AfterAll
  void stop() {
    if (gateway != null) {
      gateway.close();
    }
    modelServers.forEach(ModelServer::close);
  }

  @Test
  void completesAChat() throws Exception {
    var met = call(ask(Scenario.CHAT));

    assertThat(met)
        .containsEntry("text", "tok ".repeat(12))
        .containsEntry("finish", "length")
        .containsEntry("outputTokens", 12)
        .hasEntrySatisfying("inputTokens", tokens -> assertThat((Integer) tokens).isPositive());
  }

  @Test
  void passesOnEachTokenOfAChatWhenItIsWritten() throws Exception {
    var met = call(new Ask(Scenario.CHAT_STREAM, GOLD_KEY, "sim", 40));

    assertThat(met)
        .containsEntry("text", "tok ".repeat(40))
        .containsEntry("finish", "length")
        .containsEntry("outputTokens", 40);
    var times = times(met);
    assertThat(times).hasSize(40);
    // The model server takes 780 ms for all tokens. If the gateway held them back, they would all
    // come at the end. The first ones may come late while the client is still loading its classes.
    assertThat(times.getLast() - times.getFirst()).isGreaterThan(300);
  }

  @Test
  void completesText() throws Exception {
    assertThat(call(ask(Scenario.COMPLETION)))
        .containsEntry("text", "tok ".repeat(12))
        .containsEntry("finish", "length")
        .containsEntry("outputTokens", 12);
  }

  @Test
  void answersAResponsesCall() throws Exception {
    assertThat(call(ask(Scenario.RESPONSE)))
        .containsEntry("text", "tok ".repeat(12))
        .containsEntry("outputTokens", 12);
  }

  @Test
  void streamsAResponsesCall() throws Exception {
    assertThat(call(ask(Scenario.RESPONSE_STREAM)))
        .containsEntry("text", "tok ".repeat(12))
        .containsEntry("outputTokens", 12);
  }

  @Test
  void embeds() throws Exception {
    assertThat(call(ask(Scenario.EMBEDDING))).containsEntry("dimensions", 16);
  }

  @Test
  void listsTheModelsOfAllEndpoints() throws Exception {
    assertThat(call(ask(Scenario.MODELS))).containsEntry("ids", List.of("sim", "sim-large"));
  }

  @Test
  void routesToTheOnlyEndpointThatServesTheModel() throws Exception {
    var before = modelServers.getLast().started();

    for (var i = 0; i < 3; i++) {
      assertThat(call(ask(Scenario.CHAT).withModel("sim-large"))).containsEntry("outputTokens", 12);
    }

    assertThat(modelServers.getLast().started() - before).isEqualTo(3);
  }

  @Test
  void refusesAnUnknownModelAsOpenAiDoes() throws Exception {
    assertThat(call(ask(Scenario.CHAT).withModel("no-such-model")))
        .containsEntry("status", 404)
        .containsEntry("code", "model_not_found")
        .hasEntrySatisfying(
            "message", said -> assertThat(said).asString().contains("no-such-model"));
  }

  @Test
  void refusesAWrongKey() throws Exception {
    assertThat(call(ask(Scenario.CHAT).withKey("sk-wrong")))
        .containsEntry("status", 401)
        .containsEntry("code", "invalid_api_key");
  }

  @Test
  void tellsATenantOverItsLimitWhenToComeBack() throws Exception {
    try (var http = HttpClient.newHttpClient()) {
      var occupants = occupyBatch(http);
      try {
        for (var scenario : List.of(Scenario.CHAT, Scenario.CHAT_STREAM)) {
          var met = call(ask(scenario).withKey(BATCH_KEY));

          assertThat(met).containsEntry("status", 429);
          assertThat(Integer.parseInt(String.valueOf(met.get("retryAfter")))).isPositive();
        }
        assertThat(call(ask(Scenario.CHAT))).containsEntry("outputTokens", 12);
      } finally {
        occupants.forEach(occupant -> occupant.cancel(true));
      }
    }
  }

  @Test
  void stopsTheModelServerWhenItLeaves() throws Exception {
    var cancelledBefore = cancelled();

    var met = call(new Ask(Scenario.ABANDON, GOLD_KEY, "sim", 3_000));

    assertThat(met).containsEntry("chunks", 2);
    await().atMost(Duration.ofSeconds(10)).until(() -> cancelled() == cancelledBefore + 1);
  }

  /** Starts one running and one queued request of tenant batch, which is all that it may have. */
  private List<CompletableFuture<HttpResponse<Void>>> occupyBatch(HttpClient http) {
    var request =
        HttpRequest.newBuilder(gateway().base().resolve("/v1/chat/completions"))
            .header("content-type", "application/json")
            .header("authorization", "Bearer " + BATCH_KEY)
            .POST(
                BodyPublishers.ofString(
                    """
                    {"model":"sim","max_tokens":3000,"messages":[{"role":"user","content":"x"}]}
                    """))
            .build();
    var calls = new ArrayList<CompletableFuture<HttpResponse<Void>>>();
    for (var i = 0; i < 4; i++) {
      calls.add(http.sendAsync(request, BodyHandlers.discarding()));
    }
    await("two of four are refused, so one runs and one waits")
        .atMost(Duration.ofSeconds(10))
        .until(() -> calls.stream().filter(CompletableFuture::isDone).count() == 2);
    return calls;
  }

  private long cancelled() {
    return modelServers.stream().mapToLong(ModelServer::cancelled).sum();
  }

  private static Ask ask(Scenario scenario) {
    return new Ask(scenario, GOLD_KEY, "sim", 12);
  }

  private Map<String, Object> call(Ask ask) throws Exception {
    return client.call(gateway().base(), ask);
  }

  private GatewayProcess gateway() {
    return Objects.requireNonNull(gateway, "not started");
  }

  private static List<Integer> times(Map<String, Object> met) {
    return ((List<?>) Objects.requireNonNull(met.get("times")))
        .stream().map(time -> ((Number) time).intValue()).toList();
  }

  private static String sha256(String key) throws NoSuchAlgorithmException {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-256").digest(key.getBytes(UTF_8)));
  }
}
