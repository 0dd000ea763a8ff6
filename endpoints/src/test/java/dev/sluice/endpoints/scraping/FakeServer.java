package dev.sluice.endpoints.scraping;

import dev.sluice.endpoints.EndpointConfig;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.net.URI;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A model server of three pages that a test changes as it goes. */
final class FakeServer implements AutoCloseable {

  /** How it treats a request for metrics. */
  enum Mode {
    ANSWER,
    SLOW,
    HANG,
    HALF,
    RESET
  }

  final AtomicInteger metricsRequests = new AtomicInteger();
  final AtomicInteger modelsRequests = new AtomicInteger();
  final AtomicInteger inFlight = new AtomicInteger();
  final AtomicInteger mostInFlight = new AtomicInteger();
  final Set<Object> connections = ConcurrentHashMap.newKeySet();

  /** The last {@code authorization} header, by path; empty if the request had none. */
  final ConcurrentMap<String, String> keys = new ConcurrentHashMap<>();

  final ConcurrentMap<String, String> pages = new ConcurrentHashMap<>();
  volatile Mode mode = Mode.ANSWER;
  volatile int healthStatus = 200;
  volatile int metricsStatus = 200;

  private final Vertx vertx;
  private final HttpServer server;

  FakeServer(Vertx vertx) throws Exception {
    this.vertx = vertx;
    pages.put("/metrics", "vllm:num_requests_running 3\nvllm:num_requests_waiting 2\n");
    pages.put("/v1/models", "{\"data\": [{\"id\": \"m\"}]}");
    server =
        vertx
            .createHttpServer()
            .requestHandler(this::serve)
            .connectionHandler(connections::add)
            .listen(0, "127.0.0.1")
            .toCompletionStage()
            .toCompletableFuture()
            .get();
  }

  int port() {
    return server.actualPort();
  }

  EndpointConfig endpoint(String id) {
    return EndpointConfig.of(id, URI.create("http://127.0.0.1:" + server.actualPort()));
  }

  private void serve(HttpServerRequest request) {
    var response = request.response();
    var path = String.valueOf(request.path());
    keys.put(path, Objects.requireNonNullElse(request.getHeader("authorization"), ""));
    if (path.equals("/health")) {
      response.setStatusCode(healthStatus).end();
      return;
    }
    var page = pages.get(path);
    if (page == null) {
      response.setStatusCode(404).end();
      return;
    }
    if (!path.equals("/metrics")) {
      modelsRequests.incrementAndGet();
      response.end(page);
      return;
    }
    metricsRequests.incrementAndGet();
    mostInFlight.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
    response.endHandler(nothing -> inFlight.decrementAndGet());
    switch (mode) {
      case ANSWER -> response.setStatusCode(metricsStatus).end(page);
      case SLOW -> vertx.setTimer(40, id -> response.end(page));
      case HANG -> {}
      case HALF -> response.putHeader("content-length", "1000").write(Buffer.buffer(page));
      case RESET -> request.connection().close();
    }
  }

  @Override
  public void close() {
    server.close().toCompletionStage().toCompletableFuture().join();
  }
}
