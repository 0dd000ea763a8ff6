package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.endpoints.EndpointConfig;
import dev.sluice.endpoints.EndpointPool;
import dev.sluice.endpoints.Leases;
import dev.sluice.endpoints.health.HealthThresholds;
import dev.sluice.endpoints.scheduling.EndpointPicker;
import dev.sluice.endpoints.scheduling.LeastLoadPicker;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.EngineObserver;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.Usage;
import dev.sluice.modelserver.ModelServer;
import dev.sluice.modelserver.ModelServerOptions;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/**
 * A gateway in front of simulated model servers, on loopback, with a client. When it is closed,
 * every buffer has to have been given back.
 */
final class GatewayUnderTest implements AutoCloseable {
  private final long heldBefore = bytesHeld();
  private final Vertx vertx =
      Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(2));
  private final List<ModelServer> servers = new ArrayList<>();
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final List<FlowControlRequest> dispatched = new CopyOnWriteArrayList<>();
  private final List<Usage> used = new CopyOnWriteArrayList<>();
  private final List<RequestReport> reports = new CopyOnWriteArrayList<>();
  private final FlowController controller;
  private final EndpointPool pool;
  private final Gateway gateway;

  GatewayUnderTest(
      int serverCount,
      ModelServerOptions serverOptions,
      FlowControlConfig config,
      GatewayOptions options) {
    this(serverCount, serverOptions, config, options, new LeastLoadPicker());
  }

  GatewayUnderTest(
      int serverCount,
      ModelServerOptions serverOptions,
      FlowControlConfig config,
      GatewayOptions options,
      EndpointPicker picker) {
    controller = FlowController.builder(config).observer(new Recorder()).build();
    pool = new EndpointPool(HealthThresholds.DEFAULT, picker, controller::poolChanged);
    var endpoints = new ArrayList<EndpointConfig>();
    for (var i = 0; i < serverCount; i++) {
      var server = ModelServer.start(serverOptions);
      servers.add(server);
      endpoints.add(endpoint("server-" + i, server.baseUrl()));
    }
    use(endpoints);
    gateway =
        Gateway.start(
            vertx,
            controller,
            pool,
            options.toBuilder().host("127.0.0.1").port(0).build(),
            reports::add);
  }

  /** Replaces the pool's endpoints, all healthy at once. */
  void use(List<EndpointConfig> endpoints) {
    pool.reconfigure(endpoints);
    for (var endpoint : endpoints) {
      for (var i = 0; i < 10; i++) {
        pool.healthCheckPassed(endpoint.id());
      }
    }
    pool.publish();
  }

  static EndpointConfig endpoint(String id, String url) {
    var found = EndpointConfig.of(id, URI.create(url));
    return new EndpointConfig(id, found.url(), Set.of("sim"), Set.of(), 1.0, 0);
  }

  static Plugin<SaturationDetector> roomFor(int requests) {
    return PluginCatalog.builtIn()
        .plugin(SaturationDetector.class, "concurrency", Map.of("maxConcurrency", requests));
  }

  static ModelServerOptions quick() {
    return ModelServerOptions.builder()
        .timeToFirstToken(Duration.ofMillis(2))
        .timePerOutputToken(Duration.ofMillis(1))
        .build();
  }

  FlowController controller() {
    return controller;
  }

  /** The requests that the engine dispatched, in that order. */
  List<FlowControlRequest> dispatched() {
    return dispatched;
  }

  /** The usage that the engine was told of, in the order in which requests ended. */
  List<Usage> used() {
    return used;
  }

  /** The reports of the requests that have ended, in that order. */
  List<RequestReport> reports() {
    return reports;
  }

  private final class Recorder implements EngineObserver {
    @Override
    public void dispatched(
        long sequence,
        long nowNanos,
        FlowControlRequest request,
        long waitedNanos,
        boolean fromQueue,
        boolean reservedTurn) {
      dispatched.add(request);
    }

    @Override
    public void returned(
        long sequence,
        long nowNanos,
        FlowControlRequest request,
        Usage usage,
        long ranNanos,
        boolean reclaimed) {
      used.add(usage);
    }
  }

  EndpointPool pool() {
    return pool;
  }

  Gateway gateway() {
    return gateway;
  }

  ModelServer server(int index) {
    return servers.get(index);
  }

  URI uri(String path) {
    return URI.create("http://127.0.0.1:" + gateway.port() + path);
  }

  HttpResponse<String> post(String path, String body, String... headers) throws Exception {
    return postLater(path, body, headers).get(60, TimeUnit.SECONDS);
  }

  CompletableFuture<HttpResponse<String>> postLater(String path, String body, String... headers) {
    var request =
        HttpRequest.newBuilder(uri(path))
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.sendAsync(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  HttpResponse<String> get(String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(uri(path)).build(), HttpResponse.BodyHandlers.ofString());
  }

  /** A chat request of the simulated model. */
  static String chat(int maxTokens, boolean stream) {
    return "{\"model\":\"sim\",\"max_tokens\":"
        + maxTokens
        + ",\"stream\":"
        + stream
        + ",\"messages\":[{\"role\":\"user\",\"content\":\"12345678\"}]}";
  }

  /** Whether nothing is held for any request any more. */
  boolean isQuiet() {
    var view = controller.view();
    return view.queuedRequests() == 0
        && view.queuedBytes() == 0
        && view.runningRequests() == 0
        && gateway.bodyBytes() == 0
        && pool.endpoints().stream().allMatch(e -> Leases.on(pool, e.id()) == 0);
  }

  @Override
  public void close() throws Exception {
    gateway.close();
    controller.close();
    servers.forEach(ModelServer::close);
    client.shutdownNow();
    vertx.close().await(10, TimeUnit.SECONDS);
    await("buffers given back")
        .untilAsserted(() -> assertThat(bytesHeld()).isLessThanOrEqualTo(heldBefore));
  }

  /** Bytes of pooled buffers that somebody has and did not release. */
  private static long bytesHeld() {
    return ((PooledByteBufAllocator) ByteBufAllocator.DEFAULT).pinnedDirectMemory();
  }
}
