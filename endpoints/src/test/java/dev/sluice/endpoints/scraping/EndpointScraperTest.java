package dev.sluice.endpoints.scraping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.endpoints.EndpointPool;
import dev.sluice.endpoints.health.Health;
import dev.sluice.endpoints.health.HealthThresholds;
import dev.sluice.endpoints.scheduling.LeastLoadPicker;
import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class EndpointScraperTest {
  private static final ScrapeOptions FAST =
      new ScrapeOptions(
          "/metrics",
          Duration.ofMillis(10),
          Duration.ofMillis(100),
          "/health",
          Duration.ofMillis(20),
          Duration.ofMillis(500),
          "/v1/models",
          Duration.ofMillis(50),
          100_000);

  private final Vertx vertx = Vertx.vertx();
  private final AtomicReference<PoolSnapshot> heard = new AtomicReference<>(PoolSnapshot.EMPTY);
  private final EndpointPool pool =
      new EndpointPool(new HealthThresholds(2, 2), new LeastLoadPicker(), heard::set);
  private final FakeServer server;
  private final EndpointScraper scraper;

  EndpointScraperTest() throws Exception {
    server = new FakeServer(vertx);
    scraper = new EndpointScraper(vertx, pool, FAST, System::nanoTime);
  }

  @BeforeEach
  void scrapeTheServer() {
    scraper.reconfigure(List.of(server.endpoint("a")));
    await().until(() -> state().sampledAtNanos() != EndpointState.NEVER_SAMPLED);
    await().until(() -> state().healthy() && !state().models().isEmpty());
  }

  @AfterEach
  void stop() {
    scraper.close();
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  private EndpointState state() {
    var endpoints = heard.get().endpoints();
    return endpoints.isEmpty() ? EndpointState.of("none") : endpoints.getFirst();
  }

  @Test
  void learnsMetricsHealthAndModels() {
    assertThat(state().waitingRequests()).isEqualTo(2);
    assertThat(state().runningRequests()).isEqualTo(3);
    assertThat(state().models()).containsExactly("m");
    server.pages.put("/metrics", "vllm:num_requests_running 0\nvllm:num_requests_waiting 9\n");
    server.pages.put("/v1/models", "{\"data\": [{\"id\": \"n\"}]}");
    await().until(() -> state().waitingRequests() == 9 && state().models().contains("n"));
  }

  @Test
  void keepsItsConnectionsOpen() {
    await().until(() -> server.metricsRequests.get() > 20);
    assertThat(server.connections).hasSizeLessThanOrEqualTo(3);
  }

  @ParameterizedTest
  @EnumSource(names = {"HANG", "HALF", "RESET"})
  void keepsTheLastSampleWithItsTimeWhileScrapesFail(FakeServer.Mode mode) {
    server.mode = mode;
    var failed = scraper.failedScrapes();
    await().until(() -> scraper.failedScrapes() >= failed + 2);
    var sampledAt = state().sampledAtNanos();
    await().until(() -> scraper.failedScrapes() >= failed + 4);
    assertThat(state().sampledAtNanos()).isEqualTo(sampledAt);
    assertThat(state().waitingRequests()).isEqualTo(2);
    assertThat(state().healthy()).isTrue();
    server.mode = FakeServer.Mode.ANSWER;
    await().until(() -> state().sampledAtNanos() - sampledAt > 0);
  }

  @Test
  void neverHasTwoRequestsForMetricsUnderWay() {
    server.mode = FakeServer.Mode.SLOW;
    var requests = server.metricsRequests.get();
    await().until(() -> server.metricsRequests.get() >= requests + 5);
    assertThat(server.mostInFlight.get()).isEqualTo(1);
  }

  @Test
  void countsAPageThatSaysNothingAsFailed() {
    server.pages.put("/metrics", "<html>what?</html>");
    var failed = scraper.failedScrapes();
    await().until(() -> scraper.failedScrapes() > failed);
  }

  @Test
  void countsAPageOfAnotherStatusAsFailed() {
    server.metricsStatus = 503;
    var failed = scraper.failedScrapes();
    await().until(() -> scraper.failedScrapes() >= failed + 2);
    var sampledAt = state().sampledAtNanos();
    await().until(() -> scraper.failedScrapes() >= failed + 4);
    assertThat(state().sampledAtNanos()).isEqualTo(sampledAt);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"data\": [", "<html>", ""})
  void asksAgainForAModelListThatItCouldNotRead(String broken) throws Exception {
    try (var other = new FakeServer(vertx)) {
      other.pages.put("/v1/models", broken);
      try (var _ = rarelyAskingForModels(other)) {
        await().until(() -> other.modelsRequests.get() > 0);
        other.pages.put("/v1/models", "{\"data\": [{\"id\": \"late\"}]}");
        await().until(() -> state().models().contains("late"));
      }
    }
  }

  @Test
  void readsTheModelsAgainWhenAnEndpointComesBack() throws Exception {
    try (var other = new FakeServer(vertx);
        var _ = rarelyAskingForModels(other)) {
      await().until(() -> state().models().contains("m"));
      other.healthStatus = 500;
      await().until(() -> !state().healthy());
      other.pages.put("/v1/models", "{\"data\": [{\"id\": \"new\"}]}");
      other.healthStatus = 200;
      await().until(() -> state().models().contains("new"));
    }
  }

  /** Follows {@code other} instead, and asks for its models once an hour. */
  private EndpointScraper rarelyAskingForModels(FakeServer other) {
    scraper.close();
    pool.reconfigure(List.of(other.endpoint("b")));
    var options =
        new ScrapeOptions(
            FAST.metricsPath(),
            FAST.metricsPeriod(),
            FAST.metricsTimeout(),
            FAST.healthPath(),
            FAST.healthPeriod(),
            FAST.healthTimeout(),
            FAST.modelsPath(),
            Duration.ofHours(1),
            FAST.maxPageBytes());
    return new EndpointScraper(vertx, pool, options, System::nanoTime);
  }

  @Test
  void givesUpAPageThatIsTooLong() {
    server.pages.put("/metrics", "# ".repeat(100_000));
    var failed = scraper.failedScrapes();
    await().until(() -> scraper.failedScrapes() > failed);
    server.pages.put("/metrics", "vllm:num_requests_running 0\nvllm:num_requests_waiting 7\n");
    await().until(() -> state().waitingRequests() == 7);
  }

  @Test
  void takesAFailingEndpointOutAndBackIn() {
    server.healthStatus = 503;
    await().until(() -> !state().healthy());
    server.healthStatus = 200;
    await().until(() -> state().healthy());
  }

  @Test
  void countsAnEndpointWithoutAHealthPageAsAlive() {
    server.healthStatus = 404;
    pool.connectFailed("a");
    await().until(() -> state().healthy());
  }

  @Test
  void findsAnEndpointThatIsGoneUnhealthy() {
    server.close();
    await().until(() -> pool.health("a") == Health.State.UNHEALTHY);
  }

  @Test
  void everyProbeCarriesTheEndpointsKey() {
    assertThat(server.keys).allSatisfy((path, key) -> assertThat(key).isEmpty());
    scraper.close();
    server.keys.clear();

    try (var _ = new EndpointScraper(vertx, pool, FAST, System::nanoTime, "secret")) {
      await()
          .until(() -> server.keys.values().stream().filter("Bearer secret"::equals).count() == 3);
    }

    assertThat(server.keys).containsOnlyKeys("/metrics", "/health", "/v1/models");
  }

  @Test
  void readsTheListsAgainWhenAModelIsUnknown() throws Exception {
    try (var other = new FakeServer(vertx);
        var _ = rarelyAskingForModels(other)) {
      await().until(() -> state().models().contains("m"));
      other.pages.put("/v1/models", "{\"data\": [{\"id\": \"loaded\"}]}");
      var known = new AtomicReference<Boolean>();

      assertThat(pool.serves("loaded")).isFalse();
      assertThat(pool.readModelsAgain(() -> known.set(pool.serves("loaded")))).isTrue();

      await().until(() -> known.get() != null);
      assertThat(known.get()).isTrue();
    }
  }

  @Test
  void followsTheConfiguration() throws Exception {
    try (var other = new FakeServer(vertx)) {
      scraper.reconfigure(List.of(other.endpoint("b")));
      await().until(() -> state().id().equals("b") && state().healthy());
      await().until(() -> other.metricsRequests.get() > 2);
      var before = server.metricsRequests.get();
      var after = other.metricsRequests.get();
      await().until(() -> other.metricsRequests.get() > after + 5);
      assertThat(server.metricsRequests.get()).isLessThanOrEqualTo(before + 1);
    }
  }

  @Test
  void asksNobodyOnceClosed() {
    scraper.close();
    await()
        .until(() -> {
          var before = scraper.scrapes() + scraper.failedScrapes();
          await().pollDelay(Duration.ofMillis(60)).until(() -> true);
          return scraper.scrapes() + scraper.failedScrapes() == before;
        });
  }

  @Test
  void healthIsNotCheckedWhereNoPathIsGiven() {
    var unchecked = new AtomicReference<>(PoolSnapshot.EMPTY);
    var blind = new EndpointPool(HealthThresholds.DEFAULT, new LeastLoadPicker(), unchecked::set);
    blind.reconfigure(List.of(server.endpoint("x")));
    var options =
        new ScrapeOptions(
            "",
            Duration.ofMillis(10),
            Duration.ofMillis(10),
            "",
            Duration.ofMillis(10),
            Duration.ofMillis(10),
            "",
            Duration.ofMillis(10),
            1);
    try (var idle = new EndpointScraper(vertx, blind, options, System::nanoTime)) {
      assertThat(unchecked.get().hasNoEndpoints()).isFalse();
      blind.connectFailed("x");
      await().until(() -> !unchecked.get().hasNoEndpoints());
      assertThat(idle.scrapes()).isZero();
    }
  }
}
