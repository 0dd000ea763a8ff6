package dev.sluice.epp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.endpoints.EndpointConfig;
import dev.sluice.endpoints.EndpointPool;
import dev.sluice.endpoints.EndpointView;
import dev.sluice.endpoints.health.HealthThresholds;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.EngineObserver;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.Usage;
import dev.sluice.serving.offer.OfferMaker;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A picker on loopback with endpoints that need not exist, because the picker calls none. */
final class PickerUnderTest implements AutoCloseable {
  final List<FlowControlRequest> dispatched = new CopyOnWriteArrayList<>();
  final List<Usage> used = new CopyOnWriteArrayList<>();
  final FlowController controller;
  final EndpointPool pool;
  final PickerServer server;
  final ManagedChannel channel;

  /** The endpoint that the pool's picker takes, by its place among the candidates. */
  volatile int choice;

  PickerUnderTest(int endpoints, PickerOptions options) {
    this(endpoints, options, unlimited().build(), plain(4 << 20));
  }

  PickerUnderTest(int endpoints, BooleanSupplier ready) {
    this(endpoints, PickerOptions.DEFAULT, unlimited().build(), plain(4 << 20), ready);
  }

  PickerUnderTest(
      int endpoints, PickerOptions options, FlowControlConfig config, ServerOptions ports) {
    this(endpoints, options, config, ports, () -> true);
  }

  private PickerUnderTest(
      int endpoints,
      PickerOptions options,
      FlowControlConfig config,
      ServerOptions ports,
      BooleanSupplier ready) {
    controller = FlowController.builder(config).observer(new Recorder()).build();
    pool =
        new EndpointPool(
            HealthThresholds.DEFAULT,
            (needs, candidates) -> Math.min(choice, candidates.size() - 1),
            controller::poolChanged);
    useEndpoints(endpoints);
    var offers =
        new OfferMaker(
            scan -> Math.max(1, scan.bodyBytes() / 4), pool::serves, pool::models, false);
    server =
        PickerServer.start(
            ports,
            ready,
            executor -> new ExternalProcessorService(options, offers, controller, pool, executor));
    channel = NettyChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
  }

  static FlowControlConfig.Builder unlimited() {
    return roomFor(1_000).noEndpointTtl(Duration.ofMillis(100));
  }

  /** Flow control that lets so many requests run at an endpoint at once. */
  static FlowControlConfig.Builder roomFor(int requests) {
    return FlowControlConfig.builder()
        .detector(
            PluginCatalog.builtIn()
                .plugin(
                    SaturationDetector.class, "concurrency", Map.of("maxConcurrency", requests)));
  }

  static ServerOptions plain(int maxMessageBytes) {
    return new ServerOptions(
        "127.0.0.1",
        0,
        0,
        new ServerTls.Plain(),
        maxMessageBytes,
        Duration.ZERO,
        Duration.ofSeconds(5));
  }

  /** Replaces the endpoints by so many healthy ones that serve any model. */
  void useEndpoints(int count) {
    var endpoints = new ArrayList<EndpointConfig>();
    for (var i = 0; i < count; i++) {
      endpoints.add(EndpointConfig.of("ep" + i, URI.create("http://" + address(i))));
    }
    use(endpoints);
  }

  void use(List<EndpointConfig> endpoints) {
    pool.reconfigure(endpoints);
    for (var endpoint : endpoints) {
      for (var i = 0; i < 10; i++) {
        pool.healthCheckPassed(endpoint.id());
      }
    }
    pool.publish();
  }

  static String address(int endpoint) {
    return "127.0.1." + (endpoint + 1) + ":8000";
  }

  static EndpointConfig serving(String id, String url, String model) {
    return new EndpointConfig(id, URI.create(url), Set.of(model), Set.of(), 1.0, 0);
  }

  StrictProxy open() {
    return StrictProxy.open(channel);
  }

  /** A request that was sent on, with both its replies taken. */
  StrictProxy sent() throws InterruptedException {
    var proxy = open().headers(":path", "/v1/completions").body(completion("hi"), true);
    assertThat(proxy.next().hasRequestHeaders()).isTrue();
    proxy.requestBody();
    return proxy;
  }

  static String completion(String prompt) {
    return "{\"max_tokens\":100,\"model\":\"m\",\"prompt\":\"" + prompt + "\",\"temperature\":0}";
  }

  /** Waits until no request runs or waits, and no endpoint has one. */
  void awaitNothingHeld() {
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> {
          var view = controller.view();
          assertThat(view.runningRequests()).isZero();
          assertThat(view.queuedRequests()).isZero();
          assertThat(pool.views()).extracting(EndpointView::runningRequests).containsOnly(0);
        });
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

  @Override
  public void close() throws InterruptedException {
    channel.shutdownNow();
    assertThat(channel.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
    server.close();
    awaitNothingHeldUnlessEmpty();
    controller.close();
  }

  private void awaitNothingHeldUnlessEmpty() {
    if (!pool.views().isEmpty()) {
      awaitNothingHeld();
    }
  }
}
