package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.endpoints.EndpointConfig;
import dev.sluice.endpoints.models.ModelList;
import dev.sluice.endpoints.models.ServedModel;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.modelserver.Fault;
import dev.sluice.modelserver.ModelServerOptions;
import dev.sluice.serving.identity.IdentityOptions;
import dev.sluice.serving.identity.TenantOptions;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The proxy's main job, through real sockets. */
class GatewayTest {
  private static final FlowControlConfig IMPATIENT =
      FlowControlConfig.builder().noEndpointTtl(Duration.ofMillis(200)).build();

  private static final String REASON = "x-llm-d-request-dropped-reason";
  private static final Duration SOON = Duration.ofSeconds(30);

  private static final IdentityOptions BY_HEADER =
      new IdentityOptions(
          List.of(TenantOptions.of("gold", 10), TenantOptions.of("batch", -1)),
          Map.of(),
          true,
          IdentityOptions.TENANT_HEADERS,
          false);

  private static final String TENANT = "x-llm-d-inference-fairness-id";

  @Test
  void answersInOnePieceAndAsAStreamAndReturnsEveryPermit() throws Exception {
    try (var under =
        new GatewayUnderTest(
            2, GatewayUnderTest.quick(), FlowControlConfig.defaults(), GatewayOptions.DEFAULT)) {
      var whole = under.post("/v1/chat/completions", GatewayUnderTest.chat(3, false));
      var asking = GatewayUnderTest.chat(3, true);
      var withUsage =
          asking.replace("\"stream\"", "\"stream_options\":{\"include_usage\":true},\"stream\"");
      var stream = under.post("/v1/chat/completions", withUsage);

      assertThat(whole.statusCode()).isEqualTo(200);
      assertThat(whole.body()).contains("\"completion_tokens\":3");
      assertThat(stream.statusCode()).isEqualTo(200);
      assertThat(stream.body()).endsWith("data: [DONE]\n\n");
      assertThat(stream.body().split("data: ", -1)).hasSize(6);
      assertThat(whole.headers().firstValue("x-request-id")).isPresent();
      await().atMost(SOON).until(under::isQuiet);
      var flow = under.controller().view().bands().getFirst().flows().getFirst();
      assertThat(flow.key().id()).isEqualTo("default-flow");
      assertThat(flow.dispatchedTotal()).isEqualTo(2);
      // Each: 2 tokens in, at 1, and 3 out, at 2.
      assertThat(flow.dispatchedCost()).isEqualTo(2 * (2 + 3 * 2) * 1024);
    }
  }

  @Test
  void listsModelsAsTheServersDescribeThem() throws Exception {
    try (var under =
        new GatewayUnderTest(
            0, GatewayUnderTest.quick(), FlowControlConfig.defaults(), GatewayOptions.DEFAULT)) {
      var plain = GatewayUnderTest.endpoint("e", "http://127.0.0.1:1");
      under.use(List.of(EndpointConfig.of("e", plain.url())));
      var list =
          "{\"data\":[{\"id\":\"org/m\",\"root\":\"/w\",\"max_model_len\":4096,\"created\":7}]}";
      var bytes = list.getBytes(StandardCharsets.UTF_8);
      under.pool().modelsRead("e", ModelList.parse(bytes, bytes.length));

      var entry =
          "{\"id\":\"org/m\",\"root\":\"/w\",\"max_model_len\":4096,\"created\":7,"
              + "\"healthy_endpoints\":1}";
      assertThat(under.get("/v1/models").body())
          .isEqualTo("{\"object\":\"list\",\"data\":[" + entry + "]}");
      assertThat(under.get("/v1/models/org/m").body()).isEqualTo(entry);
      assertThat(under.get("/v1/models/org%2Fm").body()).isEqualTo(entry);
      assertThat(under.get("/v1/models/other").statusCode()).isEqualTo(404);
    }
  }

  @Test
  void asksForTheModelsAgainBeforeItSaysThatThereIsNone() throws Exception {
    try (var under =
        new GatewayUnderTest(
            1, GatewayUnderTest.quick(), FlowControlConfig.defaults(), GatewayOptions.DEFAULT)) {
      var before = under.pool().endpoints().getFirst();
      under.use(List.of(EndpointConfig.of(before.id(), before.url())));
      under.pool().modelsRead(before.id(), List.of(ServedModel.of("old")));
      under
          .pool()
          .onModelUnknown(whenRead -> {
            under.pool().modelsRead(before.id(), List.of(ServedModel.of("sim")));
            whenRead.run();
            return true;
          });

      var answer = under.post("/v1/chat/completions", GatewayUnderTest.chat(1, false));

      assertThat(answer.statusCode()).isEqualTo(200);
    }
  }

  @Test
  void triesAnotherEndpointWhereConnectingFails() throws Exception {
    try (var under =
        new GatewayUnderTest(
            1, GatewayUnderTest.quick(), FlowControlConfig.defaults(), GatewayOptions.DEFAULT)) {
      under.use(
          List.of(
              GatewayUnderTest.endpoint("dead", "http://127.0.0.1:1"),
              GatewayUnderTest.endpoint("alive", under.server(0).baseUrl())));

      for (var i = 0; i < 4; i++) {
        var answer = under.post("/v1/chat/completions", GatewayUnderTest.chat(1, false));
        assertThat(answer.statusCode()).isEqualTo(200);
      }
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @Test
  void refusesWithServiceUnavailableWhereNoEndpointAcceptsAConnection() throws Exception {
    try (var under =
        new GatewayUnderTest(0, GatewayUnderTest.quick(), IMPATIENT, GatewayOptions.DEFAULT)) {
      under.use(List.of(GatewayUnderTest.endpoint("dead", "http://127.0.0.1:1")));

      var answer = under.post("/v1/chat/completions", GatewayUnderTest.chat(1, false));

      assertThat(answer.statusCode()).isEqualTo(503);
      assertThat(answer.headers().firstValue(REASON)).hasValue("rejected-no-endpoints");
      assertThat(answer.headers().firstValue("retry-after")).hasValue("5");
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @Test
  void answersByWhatIsWrongWithTheEndpoint() throws Exception {
    var patience = Duration.ofSeconds(1);
    var options = GatewayOptions.builder().responseTimeout(patience).build();
    try (var under = new GatewayUnderTest(1, GatewayUnderTest.quick(), IMPATIENT, options)) {
      under.server(0).fault(Fault.HANG);
      var silent = under.post("/v1/chat/completions", GatewayUnderTest.chat(1, false));
      under.server(0).fault(Fault.RESET);
      var broken = under.post("/v1/chat/completions", GatewayUnderTest.chat(3, false));
      under.server(0).fault(Fault.REFUSE);
      var refused = under.post("/v1/chat/completions", GatewayUnderTest.chat(1, false));

      assertThat(silent.statusCode()).isEqualTo(504);
      assertThat(silent.body()).contains("\"error\"");
      assertThat(broken.statusCode()).isEqualTo(502);
      assertThat(refused.statusCode()).isEqualTo(503);
      assertThat(refused.headers().firstValue(REASON)).hasValue("rejected-no-endpoints");
      assertThat(refused.body()).contains("the pool had no healthy endpoint");
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @Test
  void displacesOneSheddableRequestForOneThatMattersMore() throws Exception {
    var config =
        FlowControlConfig.builder().detector(GatewayUnderTest.roomFor(1)).maxRequests(3).build();
    var slow =
        ModelServerOptions.builder()
            .timeToFirstToken(Duration.ofMillis(1))
            .timePerOutputToken(Duration.ofMillis(20))
            .build();
    try (var under =
        new GatewayUnderTest(
            1, slow, config, GatewayOptions.builder().identity(BY_HEADER).build())) {
      var running = batch(under, 40);
      await().atMost(SOON).until(() -> under.controller().view().runningRequests() == 1);
      var queued = new ArrayList<CompletableFuture<HttpResponse<String>>>();
      for (var i = 0; i < 3; i++) {
        queued.add(batch(under, 1));
        var now = i + 1;
        await().atMost(SOON).until(() -> under.controller().view().queuedRequests() == now);
      }

      var gold =
          under.postLater("/v1/chat/completions", GatewayUnderTest.chat(1, false), TENANT, "gold");

      var displaced = queued.getLast().get(30, TimeUnit.SECONDS);
      assertThat(displaced.statusCode()).isEqualTo(429);
      assertThat(displaced.headers().firstValue(REASON)).hasValue("evicted-displaced");
      assertThat(displaced.headers().firstValueAsLong("retry-after").orElse(0)).isPositive();
      assertThat(displaced.body()).contains("\"code\":\"evicted-displaced\"");
      assertThat(gold.get(30, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
      assertThat(running.get(30, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
      assertThat(queued.getFirst().get(30, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
      assertThat(queued.get(1).get(30, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @Test
  void displacesNobodyForOneThatWouldNotFitEvenSo() throws Exception {
    var small = GatewayUnderTest.chat(1, false);
    var large =
        small.replace("\"messages\"", "\"user\":\"" + "x".repeat(40_000) + "\",\"messages\"");
    var config =
        FlowControlConfig.builder()
            .detector(GatewayUnderTest.roomFor(1))
            .maxRequests(2)
            .maxBytes(40_000)
            .build();
    var slow =
        ModelServerOptions.builder()
            .timeToFirstToken(Duration.ofMillis(1))
            .timePerOutputToken(Duration.ofMillis(20))
            .build();
    try (var under =
        new GatewayUnderTest(
            1, slow, config, GatewayOptions.builder().identity(BY_HEADER).build())) {
      var running = batch(under, 40);
      await().atMost(SOON).until(() -> under.controller().view().runningRequests() == 1);
      var queued = List.of(batch(under, 1), batch(under, 1));
      await().atMost(SOON).until(() -> under.controller().view().queuedRequests() == 2);

      var gold = under.post("/v1/chat/completions", large, TENANT, "gold");

      assertThat(gold.statusCode()).isEqualTo(429);
      assertThat(gold.headers().firstValue(REASON)).hasValue("rejected-saturated");
      assertThat(running.get(30, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
      for (var answer : queued) {
        assertThat(answer.get(30, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
      }
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @Test
  void aClientThatLeavesFreesItsPlaceAndItsPermit() throws Exception {
    var config = FlowControlConfig.builder().detector(GatewayUnderTest.roomFor(1)).build();
    var slow =
        ModelServerOptions.builder()
            .timeToFirstToken(Duration.ofMillis(1))
            .timePerOutputToken(Duration.ofMillis(50))
            .build();
    try (var under =
        new GatewayUnderTest(
            1, slow, config, GatewayOptions.builder().identity(BY_HEADER).build())) {
      var running = batch(under, 100_000);
      await().atMost(SOON).until(() -> under.server(0).running() == 1);
      var queued = batch(under, 1);
      await().atMost(SOON).until(() -> under.controller().view().queuedRequests() == 1);

      queued.cancel(true);
      await().atMost(SOON).until(() -> under.controller().view().queuedRequests() == 0);
      running.cancel(true);

      await().atMost(SOON).until(() -> under.server(0).cancelled() == 1);
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @Test
  void refusesWhatIsWrongWithTheRequest() throws Exception {
    var identity =
        new IdentityOptions(
            List.of(
                new TenantOptions(
                    "gold",
                    10,
                    // SHA-256 of "secret"
                    Set.of("2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"),
                    Set.of(),
                    TenantOptions.BAND_TTL,
                    false)),
            Map.of(),
            false,
            IdentityOptions.TENANT_HEADERS,
            true);
    var options =
        GatewayOptions.builder()
            .identity(identity)
            .maxBodyBytes(10_000)
            .bodyBudgetBytes(1_000_000)
            .build();
    try (var under =
        new GatewayUnderTest(1, GatewayUnderTest.quick(), FlowControlConfig.defaults(), options)) {
      var key = new String[] {"authorization", "Bearer secret"};
      var chat = "/v1/chat/completions";

      assertThat(under.post(chat, GatewayUnderTest.chat(1, false)).statusCode()).isEqualTo(401);
      assertThat(
              under
                  .post(chat, GatewayUnderTest.chat(1, false), "authorization", "Bearer wrong")
                  .statusCode())
          .isEqualTo(401);
      assertThat(under.post(chat, GatewayUnderTest.chat(1, false), key).statusCode())
          .isEqualTo(200);
      assertThat(under.post(chat, "{\"model\":", key).statusCode()).isEqualTo(400);
      assertThat(under.post(chat, "{\"model\":7}", key).statusCode()).isEqualTo(400);
      var unknown = GatewayUnderTest.chat(1, false).replace("\"sim\"", "\"no\"");
      assertThat(under.post(chat, unknown, key).statusCode()).isEqualTo(404);
      assertThat(under.post(chat, "x".repeat(10_001), key).statusCode()).isEqualTo(413);
      assertThat(under.get(chat).statusCode()).isEqualTo(405);
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  private static CompletableFuture<HttpResponse<String>> batch(
      GatewayUnderTest under, int maxTokens) {
    return under.postLater(
        "/v1/chat/completions", GatewayUnderTest.chat(maxTokens, false), TENANT, "batch");
  }
}
