package dev.sluice.server.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.flowcontrol.contracts.RegistryView;
import dev.sluice.flowcontrol.types.FlowKey;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/** The admin port shows the values that it is given. */
class AdminServerTest {
  private static final RegistryView VIEW =
      new RegistryView(
          7,
          Double.NaN,
          3,
          300,
          2,
          0,
          1_000,
          true,
          List.of(
              new RegistryView.Band(
                  10,
                  3,
                  300,
                  5_000,
                  900,
                  1.0,
                  "virtual-token",
                  "fcfs",
                  List.of(
                      new RegistryView.Flow(
                          new FlowKey("gold", 10), "gold", 2.0, 3, 300, 2, 42, 9, 1_536)))));

  /**
   * Uses the transport of production, because the JDK's own frees a port some time after it is
   * closed.
   */
  private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));

  private final HttpClient client = HttpClient.newHttpClient();
  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final AtomicBoolean ready = new AtomicBoolean();
  private volatile List<String> unserved = List.of();
  private final AdminServer admin = start(0);

  private AdminServer start(int port) {
    return AdminServer.start(
        vertx, "127.0.0.1", port, registry, () -> VIEW, ready::get, () -> unserved);
  }

  @AfterEach
  void stop() throws Exception {
    admin.close();
    client.close();
    vertx.close().await(10, TimeUnit.SECONDS);
  }

  @Test
  void showsBandsAndFlows() throws Exception {
    var answer = send("GET", "/debug/flows");

    assertThat(answer.headers().firstValue("content-type")).hasValue("application/json");
    var flows = new JsonMapper().readTree(answer.body());
    assertThat(flows.at("/saturation").asString()).isEqualTo("NaN");
    assertThat(flows.at("/bands/0/priority").intValue()).isEqualTo(10);
    assertThat(flows.at("/bands/0/fairnessPolicy").asString()).isEqualTo("virtual-token");
    assertThat(flows.at("/bands/0/flows/0/key/id").asString()).isEqualTo("gold");
    assertThat(flows.at("/bands/0/flows/0/queuedRequests").intValue()).isEqualTo(3);
    assertThat(flows.at("/bands/0/flows/0/headWaitNanos").intValue()).isEqualTo(42);
  }

  @Test
  void namesUnitsAndHasAFormForPeople() throws Exception {
    var flows = new JsonMapper().readTree(send("GET", "/debug/flows").body());
    assertThat(flows.at("/maxQueuedBytes").intValue()).isEqualTo(1_000);
    assertThat(flows.at("/bands/0/ceilingSaturation").doubleValue()).isEqualTo(1.0);
    assertThat(flows.at("/bands/0/flows/0/dispatchedRequests").intValue()).isEqualTo(9);
    assertThat(flows.at("/bands/0/flows/0/dispatchedCostTokens").doubleValue()).isEqualTo(1.5);

    var page = send("GET", "/debug/flows?format=text");
    assertThat(page.headers().firstValue("content-type").orElse("")).startsWith("text/plain");
    var lines = page.body().lines().map(line -> line.strip().replaceAll(" +", " ")).toList();
    assertThat(lines)
        .contains("queuedRequests: 3", "saturation: NaN", "bands", "flows")
        .contains("10 3 300 5000 900 1.000 virtual-token fcfs")
        .contains("gold 10 false gold 2.000 3 300 2 0.000 s 9 1.500");
    assertThat(send("GET", "/debug/flows?format=xml").statusCode()).isEqualTo(400);
  }

  @Test
  void showsMetrics() throws Exception {
    Counter.builder().name("seen").help("Seen.").register(registry).inc(5);

    assertThat(send("GET", "/metrics").body())
        .contains("# TYPE seen_total counter", "seen_total 5");
  }

  @Test
  void aPageThatTakesLongHoldsUpNoOther() throws Exception {
    var mayEnd = new CountDownLatch(1);
    var isMade = new CountDownLatch(1);
    Supplier<RegistryView> slow =
        () -> {
          isMade.countDown();
          try {
            assertThat(mayEnd.await(60, TimeUnit.SECONDS)).isTrue();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return VIEW;
        };
    GaugeWithCallback.builder()
        .name("slow")
        .callback(out -> out.call((double) slow.get().queuedRequests()))
        .register(registry);
    try (var server =
        AdminServer.start(vertx, "127.0.0.1", 0, registry, slow, ready::get, List::of)) {
      var flows = sendLater(server, "GET", "/debug/flows");
      var metrics = sendLater(server, "GET", "/metrics");
      assertThat(isMade.await(60, TimeUnit.SECONDS)).isTrue();

      assertThat(sendLater(server, "GET", "/healthz").get(60, TimeUnit.SECONDS).statusCode())
          .isEqualTo(200);

      mayEnd.countDown();
      assertThat(flows.get(60, TimeUnit.SECONDS).body()).contains("gold");
      assertThat(metrics.get(60, TimeUnit.SECONDS).body()).contains("slow 3");
    }
  }

  @Test
  void writesLargePagesWhole() throws Exception {
    var flow = VIEW.bands().getFirst().flows().getFirst();
    var many = VIEW.bands().getFirst().withFlows(Collections.nCopies(20_000, flow));
    try (var server =
        AdminServer.start(
            vertx,
            "127.0.0.1",
            0,
            registry,
            () -> VIEW.withBands(List.of(many)),
            ready::get,
            List::of)) {
      var page = sendLater(server, "GET", "/debug/flows").get(60, TimeUnit.SECONDS);

      assertThat(new JsonMapper().readTree(page.body()).at("/bands/0/flows")).hasSize(20_000);
    }
  }

  @Test
  void answersHeadForAPageThatIsMadeElsewhere() throws Exception {
    for (var path : List.of("/debug/flows", "/metrics")) {
      assertThat(send("HEAD", path).statusCode()).isEqualTo(200);
      assertThat(send("HEAD", path).body()).isEmpty();
    }
  }

  @Test
  void freesItsPortWhenItCloses() {
    var other = start(0);
    var port = other.port();
    other.close();

    try (var again = start(port)) {
      assertThat(again.port()).isEqualTo(port);
    }
  }

  @Test
  void isReadyWhenToldSoAndHealthyAlways() throws Exception {
    assertThat(send("GET", "/readyz").statusCode()).isEqualTo(503);
    assertThat(send("GET", "/healthz").statusCode()).isEqualTo(200);

    ready.set(true);

    assertThat(send("GET", "/readyz").statusCode()).isEqualTo(200);
  }

  @Test
  void namesModelsWithoutAnEndpointAndIsReadyStill() throws Exception {
    ready.set(true);
    unserved = List.of("a", "b");

    var answer = send("GET", "/readyz");

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo("ready, but no endpoint is in service for: a, b\n");
  }

  @Test
  void answersAnUnknownPathOrMethodInJson() throws Exception {
    var unknown = send("GET", "/debug");
    var post = send("POST", "/metrics");

    assertThat(unknown.statusCode()).isEqualTo(404);
    assertThat(new JsonMapper().readTree(unknown.body()).at("/error/message").asString())
        .contains("/debug");
    assertThat(post.statusCode()).isEqualTo(405);
    assertThat(new JsonMapper().readTree(post.body()).at("/error/message").asString())
        .contains("POST");
  }

  @Test
  void answersHeadWithoutABody() throws Exception {
    var answer = send("HEAD", "/healthz");

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEmpty();
  }

  @Test
  void saysThatItsPortIsTaken() {
    assertThatThrownBy(() -> start(admin.port()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("cannot listen on 127.0.0.1:" + admin.port() + ": ");
  }

  private HttpResponse<String> send(String method, String path) throws Exception {
    return sendLater(admin, method, path).get(60, TimeUnit.SECONDS);
  }

  private CompletableFuture<HttpResponse<String>> sendLater(
      AdminServer server, String method, String path) {
    var request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
            .method(method, BodyPublishers.noBody());
    return client.sendAsync(request.build(), BodyHandlers.ofString());
  }
}
