package dev.sluice.modelserver;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServerRequest;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A simulated, vLLM-compatible model server on a real socket. One event loop serves all requests;
 * the public methods may be called from any thread.
 */
public final class ModelServer implements AutoCloseable {
  /**
   * A request header whose value is a number of bytes. The answer is an event stream of this size,
   * written as fast as the client reads. For tests of back-pressure.
   */
  public static final String FLOOD_HEADER = "x-sluice-flood-bytes";

  /**
   * A request header that asks for a fault of this request alone: none, hang, reset, slow, error or
   * garbage. Any other value is answered with status 400. The header counts only if the options
   * allow it.
   */
  public static final String FAULT_HEADER = "x-sluice-fault";

  private static final Map<String, Fault> HEADER_FAULTS = headerFaults();

  private final Vertx vertx;
  private final boolean ownsVertx;
  private final ModelServerOptions options;
  private final Totals totals = new Totals();
  private final Generation generation;
  private final Port port;
  private volatile Fault fault = Fault.NONE;

  private ModelServer(
      Vertx vertx, boolean ownsVertx, ModelServerOptions options, ModelServerListener listener) {
    this.vertx = vertx;
    this.ownsVertx = ownsVertx;
    this.options = options;
    Context context = vertx.getOrCreateContext();
    generation = new Generation(vertx, context, options, listener, totals);
    port = new Port(vertx, context, options.host(), options.port(), this::handle);
  }

  /**
   * Starts a server that owns its Vert.x. Blocks until it listens.
   *
   * @throws IllegalStateException if the server cannot listen on the address; the message says why
   */
  public static ModelServer start(ModelServerOptions options) {
    return start(options, new ModelServerListener() {});
  }

  /** Starts a server that owns its Vert.x and tells {@code listener}. Blocks until it listens. */
  public static ModelServer start(ModelServerOptions options, ModelServerListener listener) {
    Vertx own =
        Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(1));
    try {
      return new ModelServer(own, true, options, listener);
    } catch (RuntimeException e) {
      own.close().await();
      throw e;
    }
  }

  /**
   * Starts a server on the caller's Vert.x. Blocks until it listens, so it must not be called on an
   * event loop.
   */
  public static ModelServer start(
      Vertx vertx, ModelServerOptions options, ModelServerListener listener) {
    return new ModelServer(vertx, false, options, listener);
  }

  /** The TCP port on which the server listens. */
  public int port() {
    return port.number();
  }

  /** The server's address, without a trailing slash. */
  public String baseUrl() {
    return "http://" + options.host() + ":" + port();
  }

  /**
   * Sets the fault that generating requests meet from now on. Blocks until {@link Fault#REFUSE} has
   * taken effect or has ended, so it must not be called on an event loop.
   */
  public synchronized void fault(Fault value) {
    fault = value;
    if (value == Fault.REFUSE) {
      port.refuse();
    } else {
      port.accept();
    }
  }

  /** The number of requests that generate now. */
  public int running() {
    return totals.running.get();
  }

  /** The number of requests in the waiting queue now. */
  public int waiting() {
    return totals.waiting.get();
  }

  /** The number of requests that have started to run. */
  public long started() {
    return totals.started.get();
  }

  /** The number of requests whose last token was written. */
  public long finished() {
    return totals.finished.get();
  }

  /** The number of requests whose client left while they waited or ran. */
  public long cancelled() {
    return totals.cancelled.get();
  }

  /** The number of times that a running request had to wait again because the KV cache was full. */
  public long preempted() {
    return totals.preempted.get();
  }

  /** The number of bytes of generated answers that were handed to sockets. */
  public long bytesWritten() {
    return totals.bytesWritten.get();
  }

  /** Stops listening, and closes every connection. Blocks for at most 20 s. */
  @Override
  public void close() {
    port.close();
    if (ownsVertx) {
      try {
        vertx.close().await(10, TimeUnit.SECONDS);
      } catch (TimeoutException e) {
        throw new IllegalStateException("the model server did not close within 10 s", e);
      }
    }
  }

  private void handle(HttpServerRequest request) {
    switch (Objects.requireNonNullElse(request.path(), "")) {
      case "/health" -> request.response().end();
      case "/version" -> Answers.json(request.response(), 200, "{\"version\":\"0.1.0\"}");
      case "/v1/models" ->
          Answers.json(request.response(), 200, Json.models(options.models(), options.adapters()));
      case "/metrics" -> metrics(request);
      case "/v1/chat/completions" -> generate(request, Api.CHAT);
      case "/v1/completions" -> generate(request, Api.COMPLETION);
      case "/v1/responses" -> generate(request, Api.RESPONSE);
      case "/v1/embeddings" -> generate(request, Api.EMBEDDING);
      default -> Answers.json(request.response(), 404, Json.error("no such path"));
    }
  }

  private void metrics(HttpServerRequest request) {
    if (options.habits().metrics() == Habits.Metrics.NONE) {
      Answers.json(request.response(), 404, Json.error("no such path"));
      return;
    }
    request
        .response()
        .putHeader("content-type", "text/plain; version=0.0.4")
        .end(generation.metricsPage());
  }

  private void generate(HttpServerRequest request, Api api) {
    String flood = request.getHeader(FLOOD_HEADER);
    if (flood != null) {
      Flood.answer(request, Long.parseLong(flood), totals.bytesWritten);
      return;
    }
    Fault now = faultOf(request);
    if (now == null) {
      Answers.json(
          request.response(),
          400,
          Json.error(FAULT_HEADER + ": allowed " + HEADER_FAULTS.keySet()));
      return;
    }
    switch (now) {
      case REFUSE ->
          request.connection().close(); // the request came while the port was being closed
      case HANG -> request.resume();
      case ERROR -> Answers.json(request.response(), 500, Json.error("injected fault"));
      case GARBAGE -> request.response().end("<<< not json");
      case NONE, SLOW, RESET ->
          request.body().onSuccess(body -> generation.enqueue(request, api, body, now));
    }
  }

  /** The fault that a request meets; null if its header asks for one that does not exist. */
  private @Nullable Fault faultOf(HttpServerRequest request) {
    String named = options.faultHeader() ? request.getHeader(FAULT_HEADER) : null;
    return named == null ? fault : HEADER_FAULTS.get(named);
  }

  private static Map<String, Fault> headerFaults() {
    var faults = new TreeMap<String, Fault>();
    for (var each : Fault.values()) {
      if (each != Fault.REFUSE) {
        faults.put(each.name().toLowerCase(Locale.ROOT), each);
      }
    }
    return faults;
  }
}
