package dev.sluice.server.process;

import dev.sluice.endpoints.EndpointPool;
import dev.sluice.endpoints.scheduling.LeastLoadPicker;
import dev.sluice.endpoints.scraping.EndpointScraper;
import dev.sluice.flowcontrol.contracts.EngineObserver;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.gateway.Gateway;
import dev.sluice.gateway.RequestReport;
import dev.sluice.observability.metrics.ConnectionSeries;
import dev.sluice.observability.metrics.EngineMetrics;
import dev.sluice.observability.metrics.PoolGauges;
import dev.sluice.observability.metrics.StaleEndpoints;
import dev.sluice.server.admin.AdminServer;
import dev.sluice.server.admin.DebugView;
import dev.sluice.server.config.LoadedConfig;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The gateway with its pool, engine, metrics and admin port, wired together. Thread-safe. */
public final class SluiceServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SluiceServer.class);
  private static final Duration MARGIN = Duration.ofSeconds(5);

  private final Vertx vertx;
  private final FlowController controller;
  private final EndpointScraper scraper;
  private final Gateway gateway;
  private final AdminServer admin;
  private final Duration drain;
  private final @Nullable RequestRecorder recorder;
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile boolean draining;

  private SluiceServer(LoadedConfig config, List<EngineObserver> observers) {
    drain = config.drain();
    vertx =
        Vertx.vertx(
            new VertxOptions()
                .setPreferNativeTransport(true)
                .setEventLoopPoolSize(config.gateway().eventLoops()));
    var registry = new PrometheusRegistry();
    JvmMetrics.builder().register(registry);
    var poolName = config.sections().pool().name();
    var builder =
        FlowController.builder(config.flowControl())
            .shards(config.sections().flowControl().shards())
            .observer(new EngineMetrics(registry, poolName));
    observers.forEach(builder::observer);
    var requestLog = config.sections().gateway().requestLog();
    recorder = requestLog.isEmpty() ? null : new RequestRecorder(Path.of(requestLog));
    controller = builder.build();
    PoolGauges.register(registry, poolName, controller::view);
    var pool = new EndpointPool(config.health(), new LeastLoadPicker(), controller::poolChanged);
    pool.reconfigure(config.ejection());
    EndpointGauges.register(registry, pool);
    var detector = config.flowControl().detector();
    var staleAfter = detector.create().staleAfter();
    if (staleAfter.isPositive()) {
      StaleEndpoints.register(
          registry, detector.type(), staleAfter, pool::snapshot, System::nanoTime);
    }
    if (detector.type().startsWith("utilization")
        && config.sections().pool().metricsPath().isEmpty()) {
      LOG.warn(
          "Detector {} needs metrics, and pool.metricsPath is empty: each endpoint gets as many"
              + " requests as queueDepthThreshold says. Set pool.metricsPath or another detector.",
          detector.type());
    }
    scraper =
        new EndpointScraper(
            vertx,
            pool,
            config.scraping(),
            System::nanoTime,
            config.sections().gateway().upstreamApiKey());
    try {
      scraper.reconfigure(config.endpoints());
      gateway = Gateway.start(vertx, controller, pool, config.gateway(), reports());
      ConnectionSeries.register(
          registry,
          gateway::clientConnections,
          gateway::maxClientConnections,
          gateway::refusedConnections,
          gateway::timedOutConnections);
      admin =
          AdminServer.start(
              vertx,
              config.sections().admin().host(),
              config.sections().admin().port(),
              registry,
              () -> new DebugView(controller.view(), pool.views()),
              () -> !draining && !pool.snapshot().hasNoEndpoints(),
              pool::modelsOutOfService);
    } catch (RuntimeException e) {
      scraper.close();
      controller.close();
      closeRecorder();
      stopVertx();
      throw e;
    }
  }

  /**
   * Starts all parts; returns when both ports listen.
   *
   * @param observers observers of the engine's decisions, in addition to the metrics
   * @throws IllegalStateException if a port cannot be listened on; the message names the port and
   *     the cause
   */
  public static SluiceServer start(LoadedConfig config, EngineObserver... observers) {
    return new SluiceServer(config, List.of(observers));
  }

  /** The port for clients. */
  public int port() {
    return gateway.port();
  }

  /** The port for operators. */
  public int adminPort() {
    return admin.port();
  }

  /** The engine. */
  public FlowController controller() {
    return controller;
  }

  /**
   * Shuts down. New requests are refused; queued and running requests may end within the drain
   * time. Then all parts are closed. A second call does nothing.
   */
  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    draining = true;
    gateway.drain();
    var begun = controller.view();
    var isBusy = begun.runningRequests() + begun.queuedRequests() > 0;
    if (isBusy) {
      LOG.info(
          "Draining for at most {} s. Requests that run: {}, that are queued: {}",
          drain.toSeconds(),
          begun.runningRequests(),
          begun.queuedRequests());
    }
    try {
      controller.shutdown(drain).get(drain.plus(MARGIN).toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("Requests did not end within the drain time of {}", drain, e);
    }
    var cut = controller.view().runningRequests();
    if (cut > 0) {
      LOG.warn(
          "The drain time of {} s is over. Requests that still run and are cut off now: {}. To let"
              + " such requests end, raise flowControl.drain.",
          drain.toSeconds(),
          cut);
    } else if (isBusy) {
      LOG.info("Drained: no request was cut off");
    }
    gateway.close();
    admin.close();
    scraper.close();
    controller.close();
    closeRecorder();
    stopVertx();
  }

  private Consumer<RequestReport> reports() {
    return recorder == null ? report -> {} : recorder;
  }

  private void closeRecorder() {
    if (recorder != null) {
      recorder.close();
    }
  }

  private void stopVertx() {
    try {
      vertx.close().await(10, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      LOG.warn("The event loops did not stop in 10 s", e);
    }
  }
}
