package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.modelserver.ModelServerOptions;
import dev.sluice.serving.identity.IdentityOptions;
import dev.sluice.serving.identity.TenantOptions;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Memory is a gate like places in the queue, and priority holds there too. */
class MemoryPriorityTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String CHAT = "/v1/chat/completions";
  private static final String TENANT = "x-llm-d-inference-fairness-id";
  private static final int BODY_BYTES = 64 << 10;
  private static final IdentityOptions BY_HEADER =
      new IdentityOptions(
          List.of(TenantOptions.of("gold", 10), TenantOptions.of("batch", -1)),
          Map.of(),
          true,
          IdentityOptions.TENANT_HEADERS,
          false);

  private static GatewayUnderTest gateway(long memoryBytes, long queueBytes) {
    var server =
        ModelServerOptions.builder()
            .timeToFirstToken(Duration.ofMillis(20))
            .timePerOutputToken(Duration.ofMillis(1))
            .build();
    return new GatewayUnderTest(
        1,
        server,
        FlowControlConfig.builder()
            .detector(GatewayUnderTest.roomFor(1))
            .maxBytes(queueBytes)
            .build(),
        GatewayOptions.builder().identity(BY_HEADER).bodyBudgetBytes(memoryBytes).build());
  }

  private static String body() {
    return GatewayUnderTest.chat(1, false).replace("12345678", "x".repeat(BODY_BYTES));
  }

  @Test
  void headsThatAnnounceBodiesTakeNoMemoryFromOthers() throws Exception {
    try (var under = gateway(1 << 20, 1 << 20)) {
      var heads = new ArrayList<RawClient>();
      for (var i = 0; i < 100; i++) {
        var client = new RawClient(under);
        client.send(
            "POST %s HTTP/1.1\r\nHost: a\r\n%s: batch\r\nContent-Length: 900000\r\n\r\n"
                .formatted(CHAT, TENANT));
        heads.add(client);
      }
      await()
          .atMost(SOON)
          .until(() -> under.gateway().bodyBytes() >= 100 * RequestBody.REQUEST_BYTES);

      for (var i = 0; i < 10; i++) {
        assertThat(under.post(CHAT, body(), TENANT, "gold").statusCode()).isEqualTo(200);
      }
      for (var head : heads) {
        head.close();
      }
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @Test
  void bodiesOfALowerBandThatAreNotCompleteGiveWay() throws Exception {
    try (var under = gateway(1 << 20, 1 << 20)) {
      var halves = new ArrayList<RawClient>();
      for (var i = 0; i < 40; i++) {
        var client = new RawClient(under);
        client.send(
            "POST %s HTTP/1.1\r\nHost: a\r\n%s: batch\r\nContent-Length: 900000\r\n\r\n%s"
                .formatted(CHAT, TENANT, "x".repeat(BODY_BYTES)));
        halves.add(client);
      }
      await().atMost(SOON).until(() -> under.gateway().bodyBytes() > (1 << 20) - 2 * BODY_BYTES);

      for (var i = 0; i < 10; i++) {
        assertThat(under.post(CHAT, body(), TENANT, "gold").statusCode()).isEqualTo(200);
      }
      assertThat(under.gateway().bodyBytes()).isLessThanOrEqualTo(1 << 20);
      for (var half : halves) {
        half.close();
      }
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  /** Whether the queue's limit or the memory is reached first. */
  @ParameterizedTest
  @ValueSource(longs = {1 << 19, 4 << 20})
  void goldGetsThroughTenfoldOverloadWithLargeBodies(long queueBytes) throws Exception {
    try (var under = gateway(1 << 20, queueBytes)) {
      var goesOn = new AtomicBoolean(true);
      var refused = new AtomicInteger();
      var batch = new ArrayList<CompletableFuture<Void>>();
      for (var i = 0; i < 40; i++) {
        batch.add(keepSending(under, goesOn, refused));
      }
      await().atMost(SOON).until(() -> refused.get() > 40);

      var statuses = new ArrayList<Integer>();
      for (var i = 0; i < 30; i++) {
        statuses.add(under.post(CHAT, body(), TENANT, "gold").statusCode());
      }
      goesOn.set(false);

      assertThat(statuses).containsOnly(200);
      for (var client : batch) {
        client.get(SOON.toSeconds(), java.util.concurrent.TimeUnit.SECONDS);
      }
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  private static CompletableFuture<Void> keepSending(
      GatewayUnderTest under, AtomicBoolean goesOn, AtomicInteger refused) {
    return under
        .postLater(CHAT, body(), TENANT, "batch")
        .handle((answer, failure) -> statusOf(answer))
        .thenCompose(status -> {
          if (status != 200) {
            refused.incrementAndGet();
          }
          return goesOn.get()
              ? keepSending(under, goesOn, refused)
              : CompletableFuture.completedFuture(null);
        });
  }

  /** The status; 0 if the gateway closed the connection while the body was being sent. */
  private static int statusOf(HttpResponse<String> answer) {
    return answer == null ? 0 : answer.statusCode();
  }
}
