package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.gateway.upstream.AnswerListener;
import dev.sluice.inference.ErrorBody;
import dev.sluice.inference.TokenEstimator;
import dev.sluice.serving.attempts.Failure;
import dev.sluice.serving.identity.IdentityOptions;
import dev.sluice.serving.identity.TenantOptions;
import dev.sluice.serving.offer.Offer;
import dev.sluice.serving.refusal.Refusal;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpResponse;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A body that takes long to read holds up no other request. */
class BodyReadersTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String CHAT = "/v1/chat/completions";
  private static final String TENANT = "x-llm-d-inference-fairness-id";

  private static final Offer NO_OFFER =
      new Offer.Refused(Refusal.of(ErrorBody.internal("not needed")));

  private final CountDownLatch mayEnd = new CountDownLatch(1);
  private final AtomicInteger reading = new AtomicInteger();

  /** Takes as long as the test wants for bodies of at least so many bytes. */
  private TokenEstimator slowFrom(long bytes) {
    return scan -> {
      if (scan.bodyBytes() >= bytes) {
        reading.incrementAndGet();
        try {
          if (!mayEnd.await(60, TimeUnit.SECONDS)) {
            throw new IllegalStateException("nobody ended the wait");
          }
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
      return 1;
    };
  }

  private static GatewayUnderTest gateway(TokenEstimator estimator) {
    var identity =
        new IdentityOptions(
            List.of(TenantOptions.of("gold", 10), TenantOptions.of("batch", -1)),
            Map.of(),
            true,
            IdentityOptions.TENANT_HEADERS,
            false);
    return new GatewayUnderTest(
        1,
        GatewayUnderTest.quick(),
        FlowControlConfig.defaults(),
        GatewayOptions.builder()
            .eventLoops(1)
            .tokenEstimator(estimator)
            .identity(identity)
            .build());
  }

  private static String body(int bytes) {
    return GatewayUnderTest.chat(1, false).replace("12345678", "x".repeat(bytes));
  }

  @Test
  void aLargeBodyHoldsUpNoSmallOneOnTheSameLoop() throws Exception {
    try (var under = gateway(slowFrom(100_000))) {
      var large = under.postLater(CHAT, body(100_000));
      await().atMost(SOON).until(() -> reading.get() == 1);

      assertThat(under.post(CHAT, body(10)).statusCode()).isEqualTo(200);

      mayEnd.countDown();
      assertThat(large.get(60, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @Test
  void hugeBodiesHoldUpNoneOfUsualSize() throws Exception {
    try (var under = gateway(slowFrom(BodyReaders.HUGE_BYTES))) {
      var huge = new ArrayList<CompletableFuture<?>>();
      for (var i = 0; i < 2 * Runtime.getRuntime().availableProcessors(); i++) {
        huge.add(under.postLater(CHAT, body(1_100_000), TENANT, "batch"));
      }
      await().atMost(SOON).until(() -> reading.get() > 0);

      assertThat(under.post(CHAT, body(500_000), TENANT, "gold").statusCode()).isEqualTo(200);

      mayEnd.countDown();
      for (var request : huge) {
        request.get(60, TimeUnit.SECONDS);
      }
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @Test
  void aClientThatLeavesWhileItsBodyIsReadHoldsNothing() throws Exception {
    try (var under = gateway(slowFrom(100_000))) {
      var large = RawClient.chat(under, body(100_000));
      await().atMost(SOON).until(() -> reading.get() == 1);
      large.close();
      assertThat(under.post(CHAT, body(10)).statusCode()).isEqualTo(200);

      assertThat(under.gateway().bodyBytes()).isGreaterThan(100_000);
      mayEnd.countDown();

      await().atMost(SOON).until(under::isQuiet);
      assertThat(under.dispatched()).hasSize(1);
    }
  }

  @Test
  void readsBodiesInTheOrderOfTheirPrioritiesAndTheSmallerFirst() throws Exception {
    var order = new LinkedBlockingQueue<String>();
    var vertx = Vertx.vertx();
    try (var readers = new BodyReaders()) {
      var loop = vertx.getOrCreateContext();
      var threads = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
      for (var i = 0; i < threads; i++) {
        readers.read(reading(loop, 99, 100_000), this::waits, made -> {});
      }
      await().atMost(SOON).until(() -> reading.get() == threads);
      var bodies = new Object[][] {{-1, 70_000}, {5, 90_000}, {5, 80_000}, {10, 100_000}};
      for (var body : bodies) {
        readers.read(
            reading(loop, (int) body[0], (int) body[1]),
            () -> {
              order.add(body[0] + ":" + body[1]);
              return NO_OFFER;
            },
            made -> {});
      }

      mayEnd.countDown();

      await().atMost(SOON).until(() -> order.size() == bodies.length);
      assertThat(order.peek()).isEqualTo("10:100000");
      if (threads == 1) {
        assertThat(order).containsExactly("10:100000", "5:80000", "5:90000", "-1:70000");
      }
    } finally {
      vertx.close().await(30, TimeUnit.SECONDS);
    }
  }

  @Test
  void aRequestThatEndsBeforeItsBodyIsReadHoldsNothingAndIsNotRead() throws Exception {
    var vertx = Vertx.vertx();
    try (var readers = new BodyReaders()) {
      var loop = vertx.getOrCreateContext();
      var threads = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
      for (var i = 0; i < threads; i++) {
        readers.read(reading(loop, 99, 100_000), this::waits, made -> {});
      }
      await().atMost(SOON).until(() -> reading.get() == threads);
      var bytes = Unpooled.wrappedBuffer(new byte[100_000]);
      var ended = reading(loop, -1, bytes);
      readers.read(ended, this::waits, made -> {});
      var last = reading(loop, -2, 100_000);
      readers.read(last, this::waits, made -> {});

      ended.body().release();

      assertThat(bytes.refCnt()).isZero();
      assertThat(ended.body().heldBytes()).isZero();
      mayEnd.countDown();
      await().atMost(SOON).until(() -> reading.get() == threads + 1);
    } finally {
      mayEnd.countDown();
      vertx.close().await(30, TimeUnit.SECONDS);
    }
  }

  private Offer waits() {
    reading.incrementAndGet();
    try {
      assertThat(mayEnd.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return NO_OFFER;
  }

  private static BodyReaders.Reading reading(Context loop, int priority, int bytes) {
    return reading(loop, priority, Unpooled.wrappedBuffer(new byte[bytes]));
  }

  private static BodyReaders.Reading reading(Context loop, int priority, ByteBuf bytes) {
    var budget = new BodyBudget(10 << 20);
    var body = new RequestBody(budget, budget.open(priority, "t", () -> {}), 10 << 20);
    body.add(bytes);
    return new BodyReaders.Reading(loop, new Guard(new NoAnswer(), thrown -> {}), body, priority);
  }

  @Test
  void aBodyWhoseReadingThrowsHoldsNothing() throws Exception {
    TokenEstimator broken =
        scan -> {
          throw new IllegalStateException("too many");
        };
    try (var under = gateway(broken)) {
      var answer = under.post(CHAT, body(100_000));

      assertThat(answer.statusCode()).isEqualTo(500);
      assertThat(answer.body()).contains("\"error\"").doesNotContain("too many");
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  /** No answer is heard in these tests. */
  private static final class NoAnswer implements AnswerListener {
    @Override
    public void headReceived(HttpResponse head) {}

    @Override
    public void pieceReceived(ByteBuf piece) {
      piece.release();
    }

    @Override
    public void readCompleted() {}

    @Override
    public void completed() {}

    @Override
    public void failed(Failure failure, Throwable cause) {}
  }
}
