package dev.sluice.endpoints.scraping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.dns.AddressResolverOptions;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.RequestOptions;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Pages that are gotten over real sockets. */
final class PeriodicGetTest {
  private static final Duration SOON = Duration.ofSeconds(30);

  /** A name whose first address nobody listens on. */
  private static final String NAME = "two.test";

  private final Vertx servers = Vertx.vertx();
  private final Vertx vertx =
      Vertx.vertx(
          new VertxOptions()
              .setAddressResolverOptions(
                  new AddressResolverOptions()
                      .setHostsValue(Buffer.buffer("127.0.0.2 " + NAME + "\n"))));
  private final FakeServer server;
  private final Heard heard = new Heard();

  PeriodicGetTest() throws Exception {
    server = new FakeServer(servers);
  }

  @AfterEach
  void stop() {
    server.close();
    vertx.close().toCompletionStage().toCompletableFuture().join();
    servers.close().toCompletionStage().toCompletableFuture().join();
  }

  @Test
  void triesTheOtherAddressesOfAName() {
    var addresses = List.of("127.0.0.2", "127.0.0.1");

    get(NAME, names(addresses), 20, 5_000, heard).start(0);

    await().atMost(SOON).until(() -> heard.pages.size() >= 3);
    assertThat(heard.failures).isEmpty();
  }

  @Test
  void usesTheOnlyAddressOfANameThatVertxResolvesOtherwise() {
    get(NAME, names(List.of("127.0.0.1")), 20, 5_000, heard).start(0);

    await().atMost(SOON).until(() -> !heard.pages.isEmpty());
    assertThat(heard.failures).isEmpty();
  }

  @Test
  void failsOnceForEachPageIfNoAddressWorks() {
    get(NAME, names(List.of("127.0.0.2", "127.0.0.3")), 20, 5_000, heard).start(0);

    await().atMost(SOON).until(() -> heard.failures.size() >= 3);
    assertThat(heard.pages).isEmpty();
  }

  @Test
  void findsTheNewAddressOfANameThatHasMoved() {
    var addresses = new CopyOnWriteArrayList<>(List.of("127.0.0.2"));
    get(NAME, names(addresses), 20, 5_000, heard).start(0);
    await().atMost(SOON).until(() -> !heard.failures.isEmpty());

    addresses.add("127.0.0.1");

    await().atMost(SOON).until(() -> !heard.pages.isEmpty());
  }

  /** The loop stops before the request is sent, and wakes up when its time is over. */
  @Test
  void timeDoesNotCountWhileTheLoopIsLate() throws Exception {
    var timeoutMillis = 200;
    var late = new CountDownLatch(1);
    var context = vertx.getOrCreateContext();
    var blocked = new CountDownLatch(1);
    context.runOnContext(nothing -> {
      get("127.0.0.1", InetAddress::getAllByName, 60_000, timeoutMillis, heard).start(0);
      context.runOnContext(started -> {
        blocked.countDown();
        try {
          // Longer than the time limit: nothing else than time can make the loop late.
          var _ = late.await(5L * timeoutMillis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      });
    });
    assertThat(blocked.await(30, TimeUnit.SECONDS)).isTrue();

    await().atMost(SOON).until(() -> heard.pages.size() + heard.failures.size() > 0);

    assertThat(heard.failures).isEmpty();
    assertThat(heard.pages).hasSize(1);
  }

  @Test
  void anExceptionInTheReceiverDoesNotEndIt() {
    var throwing =
        new Heard() {
          @Override
          public void received(int status, byte[] bytes, int length) {
            super.received(status, bytes, length);
            throw new IllegalStateException("thrown by a test");
          }
        };

    get("127.0.0.1", InetAddress::getAllByName, 10, 5_000, throwing).start(0);

    await().atMost(SOON).until(() -> throwing.pages.size() >= 3);
  }

  @Test
  void anExceptionWhileAFailureIsToldDoesNotEndIt() {
    server.mode = FakeServer.Mode.HANG;
    var throwing =
        new Heard() {
          @Override
          public void failed(String reason) {
            super.failed(reason);
            throw new IllegalStateException("thrown by a test");
          }
        };

    get("127.0.0.1", InetAddress::getAllByName, 10, 50, throwing).start(0);
    await().atMost(SOON).until(() -> throwing.failures.size() >= 2);
    server.mode = FakeServer.Mode.RESET;
    var before = throwing.failures.size();
    await().atMost(SOON).until(() -> throwing.failures.size() >= before + 3);
    server.mode = FakeServer.Mode.ANSWER;

    await().atMost(SOON).until(() -> !throwing.pages.isEmpty());
  }

  private static AddressTurns.Names names(List<String> addresses) {
    return host -> {
      var found = new InetAddress[addresses.size()];
      for (var i = 0; i < found.length; i++) {
        found[i] = InetAddress.getByName(addresses.get(i));
      }
      return found;
    };
  }

  private PeriodicGet get(
      String host,
      AddressTurns.Names names,
      long periodMillis,
      long timeoutMillis,
      PeriodicGet.Receiver receiver) {
    return new PeriodicGet(
        vertx,
        vertx.getOrCreateContext(),
        vertx.createHttpClient(new HttpClientOptions()),
        new RequestOptions().setHost(host).setPort(server.port()).setURI("/metrics"),
        names,
        periodMillis,
        timeoutMillis,
        100_000,
        receiver);
  }

  /** The pages and failures that were told. */
  private static class Heard implements PeriodicGet.Receiver {
    final List<Integer> pages = new CopyOnWriteArrayList<>();
    final List<String> failures = new CopyOnWriteArrayList<>();

    @Override
    public void received(int status, byte[] bytes, int length) {
      pages.add(status);
    }

    @Override
    public void failed(String reason) {
      failures.add(reason);
    }
  }
}
