package dev.sluice.server.admin;

import dev.sluice.inference.ErrorBody;
import dev.sluice.observability.metrics.MetricsPage;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import tools.jackson.databind.json.JsonMapper;

/**
 * Answers {@code /metrics}, {@code /healthz}, {@code /readyz} and {@code /debug/flows}.
 * Thread-safe.
 */
public final class AdminServer implements AutoCloseable {
  private static final long SECONDS = 10;
  private static final JsonMapper JSON = new JsonMapper();

  private final HttpServer http;
  private final PrometheusRegistry metrics;
  private final Supplier<?> view;
  private final BooleanSupplier ready;

  private AdminServer(
      HttpServer http, PrometheusRegistry metrics, Supplier<?> view, BooleanSupplier ready) {
    this.http = http;
    this.metrics = metrics;
    this.view = view;
    this.ready = ready;
  }

  /**
   * Starts to listen. Blocks until the server listens, so it must not be called on an event loop.
   *
   * @param ready whether requests can be served
   * @throws IllegalStateException if the address cannot be listened on; the message says why
   */
  public static AdminServer start(
      Vertx vertx,
      String host,
      int port,
      PrometheusRegistry metrics,
      Supplier<?> view,
      BooleanSupplier ready) {
    var server = new AdminServer(vertx.createHttpServer(), metrics, view, ready);
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
      case "/metrics" -> {
        var accept = Objects.requireNonNullElse(request.getHeader("accept"), "");
        var page = MetricsPage.render(metrics, accept);
        answer(request, 200, page.contentType(), page.body());
      }
      case "/healthz" -> text(request, 200, "ok");
      case "/readyz" -> {
        if (ready.getAsBoolean()) {
          text(request, 200, "ready");
        } else {
          text(request, 503, "not ready: no endpoint is healthy, or the gateway is shutting down");
        }
      }
      case "/debug/flows" ->
          answer(request, 200, "application/json", JSON.writeValueAsBytes(view.get()));
      default -> error(request, ErrorBody.unknownPath(request.method().name(), request.uri()));
    }
  }

  private static void text(HttpServerRequest request, int status, String text) {
    var body = (text + "\n").getBytes(StandardCharsets.UTF_8);
    answer(request, status, "text/plain; charset=utf-8", body);
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
