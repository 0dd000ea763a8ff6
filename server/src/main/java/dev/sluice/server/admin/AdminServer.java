package dev.sluice.server.admin;

import dev.sluice.inference.ErrorBody;
import dev.sluice.observability.metrics.MetricsPage;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers {@code /metrics}, {@code /healthz}, {@code /readyz} and {@code /debug/flows}, which is
 * JSON, or text for people with {@code ?format=text}. Thread-safe.
 *
 * <p>The pages whose size grows with the number of flows are made on threads of their own: an event
 * loop, which this server may share with clients' requests, only writes them.
 */
public final class AdminServer implements AutoCloseable {
  private static final long SECONDS = 10;
  private static final String TEXT = "text/plain; charset=utf-8";
  private static final long PATIENCE_SECONDS = 30;
  private static final int PAGES_AT_ONCE = 2;
  private static final int MOST_WAITING = 16;
  private static final Logger LOG = LoggerFactory.getLogger(AdminServer.class);

  private final Vertx vertx;
  private final HttpServer http;
  private final PrometheusRegistry metrics;
  private final Supplier<?> view;
  private final BooleanSupplier ready;
  private final Supplier<List<String>> unserved;
  private final ThreadPoolExecutor pages =
      new ThreadPoolExecutor(
          PAGES_AT_ONCE,
          PAGES_AT_ONCE,
          PATIENCE_SECONDS,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(MOST_WAITING),
          Thread.ofPlatform().daemon().name("admin-pages-", 0).factory());

  private AdminServer(
      Vertx vertx,
      HttpServer http,
      PrometheusRegistry metrics,
      Supplier<?> view,
      BooleanSupplier ready,
      Supplier<List<String>> unserved) {
    this.vertx = vertx;
    this.http = http;
    this.metrics = metrics;
    this.view = view;
    this.ready = ready;
    this.unserved = unserved;
  }

  /**
   * Starts to listen. Blocks until the server listens, so it must not be called on an event loop.
   *
   * @param ready whether requests can be served
   * @param unserved the models that have no endpoint in service
   * @throws IllegalStateException if the address cannot be listened on; the message says why
   */
  public static AdminServer start(
      Vertx vertx,
      String host,
      int port,
      PrometheusRegistry metrics,
      Supplier<?> view,
      BooleanSupplier ready,
      Supplier<List<String>> unserved) {
    var server = new AdminServer(vertx, vertx.createHttpServer(), metrics, view, ready, unserved);
    try {
      server
          .http
          .requestHandler(server::handle)
          .listen(port, host)
          .await(SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new IllegalStateException("cannot listen on " + host + ":" + port, e);
    } catch (Exception e) { // binding throws exceptions that are not declared
      throw new IllegalStateException(
          "cannot listen on " + host + ":" + port + ": " + e.getMessage(), e);
    }
    return server;
  }

  /** The TCP port that the server listens on. */
  public int port() {
    return http.actualPort();
  }

  @Override
  public void close() {
    pages.shutdownNow();
    try {
      http.close().await(SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new IllegalStateException("the admin port did not close", e);
    }
  }

  private void handle(HttpServerRequest request) {
    if (!request.method().equals(HttpMethod.GET) && !request.method().equals(HttpMethod.HEAD)) {
      error(request, ErrorBody.methodNotAllowed(request.method().name(), request.uri()));
      return;
    }
    switch (Objects.requireNonNullElse(request.path(), "")) {
      case "/metrics" -> elsewhere(request, this::showMetrics);
      case "/healthz" -> text(request, 200, "ok");
      case "/readyz" -> {
        if (ready.getAsBoolean()) {
          var missing = unserved.get();
          text(
              request,
              200,
              missing.isEmpty()
                  ? "ready"
                  : "ready, but no endpoint is in service for: " + String.join(", ", missing));
        } else {
          text(request, 503, "not ready: no endpoint is healthy, or the gateway is shutting down");
        }
      }
      case "/debug/flows" -> flows(request);
      default -> error(request, ErrorBody.unknownPath(request.method().name(), request.uri()));
    }
  }

  private void flows(HttpServerRequest request) {
    switch (Objects.requireNonNullElse(request.getParam("format"), "json")) {
      case "json" -> elsewhere(request, this::showFlows);
      case "text" -> elsewhere(request, this::showTables);
      default -> text(request, 400, "format: allowed json or text, for example ?format=text");
    }
  }

  /** Makes a page on another thread. If the client does not read it, its connection is closed. */
  private void elsewhere(HttpServerRequest request, Page page) {
    var loop = vertx.getOrCreateContext();
    try {
      pages.execute(() -> {
        try {
          page.write(request, loop);
        } catch (IOException | RuntimeException e) {
          LOG.warn("The page {} was not written to its end", request.path(), e);
          loop.runOnContext(ignored -> request.connection().close());
        }
      });
    } catch (RejectedExecutionException e) {
      request.response().putHeader("retry-after", "1");
      text(request, 503, "too many pages are being made; come again in a second");
    }
  }

  /** Makes and writes a page on a thread that may wait. */
  @FunctionalInterface
  private interface Page {
    void write(HttpServerRequest request, Context loop) throws IOException;
  }

  private void showMetrics(HttpServerRequest request, Context loop) {
    var accept = Objects.requireNonNullElse(request.getHeader("accept"), "");
    var page = MetricsPage.render(metrics, accept);
    loop.runOnContext(ignored -> answer(request, 200, page.contentType(), page.body()));
  }

  private void showTables(HttpServerRequest request, Context loop) {
    var page = DebugPage.text(view.get());
    loop.runOnContext(ignored -> answer(request, 200, TEXT, page));
  }

  /** Writes the flows piece by piece: with 200,000 of them the page has 50 MB. */
  private void showFlows(HttpServerRequest request, Context loop) throws IOException {
    var isHead = request.method().equals(HttpMethod.HEAD);
    loop.runOnContext(ignored -> {
      request.response().putHeader("content-type", "application/json").setChunked(!isHead);
      if (isHead) {
        request.response().end();
      }
    });
    if (!isHead) {
      var out = new ResponseStream(loop, request.response(), PATIENCE_SECONDS);
      DebugPage.writeJson(view.get(), out);
      out.end();
    }
  }

  private static void text(HttpServerRequest request, int status, String text) {
    var body = (text + "\n").getBytes(StandardCharsets.UTF_8);
    answer(request, status, TEXT, body);
  }

  private static void error(HttpServerRequest request, ErrorBody error) {
    answer(request, error.status(), "application/json", error.toJson());
  }

  private static void answer(HttpServerRequest request, int status, String type, byte[] body) {
    var response =
        request
            .response()
            .setStatusCode(status)
            .putHeader("content-type", type)
            .putHeader("content-length", String.valueOf(body.length));
    if (request.method().equals(HttpMethod.HEAD)) {
      response.end(); // Vert.x would send a body
    } else {
      response.end(Buffer.buffer(body));
    }
  }
}
