package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What the gateway holds of answers that come fast and that nobody reads. */
class UnreadAnswersTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int STREAMS = 40;

  /** The figure that {@link AnswerStream} states, for each stream, and what a read may add. */
  private static final long MOST_BYTES = STREAMS * (320L << 10);

  private final AtomicInteger begun = new AtomicInteger();
  private final AtomicLong written = new AtomicLong();

  private void flood(Socket socket, OutputStream out) throws IOException {
    out.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".getBytes(US_ASCII));
    begun.incrementAndGet();
    var chunk = ("10000\r\n" + "x".repeat(1 << 16) + "\r\n").getBytes(US_ASCII);
    for (var i = 0; i < 10_000 && !socket.isClosed(); i++) {
      out.write(chunk); // blocks when the gateway reads no more
      written.addAndGet(chunk.length);
    }
  }

  private static GatewayUnderTest gateway() {
    return new GatewayUnderTest(
        0,
        GatewayUnderTest.quick(),
        FlowControlConfig.builder().detector(GatewayUnderTest.roomFor(STREAMS)).build(),
        GatewayOptions.DEFAULT);
  }

  /** Waits until every endpoint is blocked. */
  private void awaitStandstill() {
    await().atMost(SOON).until(() -> begun.get() == STREAMS);
    var before = new AtomicLong(-1);
    await()
        .pollInterval(Duration.ofMillis(500))
        .atMost(SOON)
        .until(() -> before.getAndSet(written.get()) == written.get());
  }

  @Test
  void holdsAStatedAmountForEachOverHttp1() throws Exception {
    try (var under = gateway();
        var endpoint = new RawEndpoint(this::flood)) {
      under.use(List.of(endpoint.config("flood")));
      var heldBefore = pinned();
      var clients = new ArrayList<RawClient>();
      for (var i = 0; i < STREAMS; i++) {
        clients.add(RawClient.chat(under, GatewayUnderTest.chat(1, true)));
      }

      awaitStandstill();

      assertThat(pinned() - heldBefore).isLessThan(MOST_BYTES);
      for (var client : clients) {
        client.close();
      }
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @Test
  void holdsAStatedAmountForEachOverHttp2() throws Exception {
    try (var under = gateway();
        var endpoint = new RawEndpoint(this::flood);
        var client = new Http2Client(under)) {
      under.use(List.of(endpoint.config("flood")));
      var usedBefore = used();
      for (var i = 0; i < STREAMS; i++) {
        client
            .post("/v1/chat/completions")
            .send(Buffer.buffer(GatewayUnderTest.chat(1, true)))
            .onSuccess(response -> response.pause());
      }

      awaitStandstill();

      // The client and the endpoint are in this process, too. They hold about 15 MB.
      assertThat(used() - usedBefore).isLessThan(MOST_BYTES + (24 << 20));
    }
  }

  private static long pinned() {
    return ((PooledByteBufAllocator) ByteBufAllocator.DEFAULT).pinnedDirectMemory();
  }

  private static long used() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() + pinned();
  }
}
