package dev.sluice.modelserver;

import io.vertx.core.Context;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import tools.jackson.core.JacksonException;

/**
 * A simulated vLLM-compatible model server on a real socket.
 *
 * <p>All state of generation is confined to one event loop. Running sequences sit in a heap ordered
 * by when their next token is due, and one timer for the whole server is armed for the earliest, so
 * a token costs O(log running) and no timer of its own. A sequence whose client does not read is
 * taken out of the heap until its socket drains.
 *
 * <p>The public methods are thread-safe.
 */
public final class ModelServer implements AutoCloseable {
  /**
   * A request header: its value is a number of bytes, and the answer is that much of an event
   * stream, written as fast as the client reads. For tests of back-pressure.
   */
  public static final String FLOOD_HEADER = "x-sluice-flood-bytes";

  private static final int FLOOD_PIECE = 16 * 1024;

  private final Vertx vertx;
  private final boolean ownsVertx;
  private final Context context;
  private final ModelServerOptions options;
  private final ModelServerListener listener;
  private final HttpServer http;
  private final ArrayDeque<Sequence> queue = new ArrayDeque<>();
  private final PriorityQueue<Sequence> due =
      new PriorityQueue<>(Comparator.comparingLong((Sequence s) -> s.dueNanos - ORIGIN));
  private boolean armed;
  private volatile Fault fault = Fault.NONE;
  private final AtomicInteger running = new AtomicInteger();
  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicLong kvUsed = new AtomicLong();
  private final AtomicLong started = new AtomicLong();
  private final AtomicLong finished = new AtomicLong();
  private final AtomicLong cancelled = new AtomicLong();
  private final AtomicLong bytesWritten = new AtomicLong();
  private final AtomicLong promptTokens = new AtomicLong();
  private final AtomicLong generationTokens = new AtomicLong();
  private static final long ORIGIN = System.nanoTime();

  private ModelServer(
      Vertx vertx, boolean ownsVertx, ModelServerOptions options, ModelServerListener listener) {
    this.vertx = vertx;
    this.ownsVertx = ownsVertx;
    this.options = options;
    this.listener = listener;
    this.context = vertx.getOrCreateContext();
    this.http = vertx.createHttpServer();
  }

  /** Starts a server that owns its Vert.x. Blocks until it listens. */
  public static ModelServer start(ModelServerOptions options) {
    return start(options, new ModelServerListener() {});
  }

  /** Starts a server that owns its Vert.x and tells {@code listener}. Blocks until it listens. */
  public static ModelServer start(ModelServerOptions options, ModelServerListener listener) {
    Vertx own =
        Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(1));
    return new ModelServer(own, true, options, listener).listen();
  }

  /** Starts a server on the caller's Vert.x. Blocks, so not to be called on an event loop. */
  public static ModelServer start(
      Vertx vertx, ModelServerOptions options, ModelServerListener listener) {
    return new ModelServer(vertx, false, options, listener).listen();
  }

  private ModelServer listen() {
    Promise<HttpServer> bound = Promise.promise();
    context.runOnContext(ignored ->
        http.requestHandler(this::handle).listen(options.port(), options.host()).onComplete(bound));
    try {
      bound.future().await(10, TimeUnit.SECONDS);
    } catch (java.util.concurrent.TimeoutException e) {
      throw new IllegalStateException("the model server did not listen in 10 s", e);
    }
    return this;
  }

  /** The TCP port listened on. */
  public int port() {
    return http.actualPort();
  }

  /** The server's address, without a trailing slash. */
  public String baseUrl() {
    return "http://" + options.host() + ":" + port();
  }

  /** From now on, generating requests meet this fault. */
  public void fault(Fault value) {
    fault = value;
  }

  /** Requests generating now. */
  public int running() {
    return running.get();
  }

  /** Requests in the waiting queue now. */
  public int waiting() {
    return waiting.get();
  }

  /** Requests that ever started running. */
  public long started() {
    return started.get();
  }

  /** Requests whose last token was written. */
  public long finished() {
    return finished.get();
  }

  /** Requests whose client left while they waited or ran. */
  public long cancelled() {
    return cancelled.get();
  }

  /** Bytes of generated bodies handed to sockets. */
  public long bytesWritten() {
    return bytesWritten.get();
  }

  /** Stops listening and closes every connection. Blocks at most 10 s. */
  @Override
  public void close() {
    try {
      (ownsVertx ? vertx.close() : http.close()).await(10, TimeUnit.SECONDS);
    } catch (java.util.concurrent.TimeoutException e) {
      throw new IllegalStateException("the model server did not close in 10 s", e);
    }
  }

  private void handle(HttpServerRequest request) {
    switch (Objects.requireNonNullElse(request.path(), "")) {
      case "/health" -> request.response().end();
      case "/version" -> json(request.response(), 200, "{\"version\":\"0.1.0\"}");
      case "/v1/models" -> json(request.response(), 200, Json.models(options.models()));
      case "/metrics" ->
          request.response().putHeader("content-type", "text/plain; version=0.0.4").end(metrics());
      case "/v1/chat/completions" -> generate(request, Api.CHAT);
      case "/v1/completions" -> generate(request, Api.COMPLETION);
      case "/v1/responses" -> generate(request, Api.RESPONSE);
      case "/v1/embeddings" -> generate(request, Api.EMBEDDING);
      default -> json(request.response(), 404, Json.error("no such path"));
    }
  }

  private static void json(HttpServerResponse response, int status, String body) {
    response.setStatusCode(status).putHeader("content-type", "application/json").end(body);
  }

  private void generate(HttpServerRequest request, Api api) {
    String flood = request.getHeader(FLOOD_HEADER);
    if (flood != null) {
      flood(request, Long.parseLong(flood));
      return;
    }
    Fault now = fault;
    switch (now) {
      case REFUSE -> request.connection().close();
      case HANG -> request.resume();
      case ERROR -> json(request.response(), 500, Json.error("injected fault"));
      case GARBAGE -> request.response().end("<<< not json");
      case NONE, SLOW, RESET -> request.body().onSuccess(body -> enqueue(request, api, body, now));
    }
  }

  /** Answers with so many bytes of events, as fast as the client reads them. */
  private void flood(HttpServerRequest request, long bytes) {
    HttpServerResponse response = request.response();
    response.setChunked(true).putHeader("content-type", "text/event-stream");
    Buffer piece = Buffer.buffer(("data: " + "x".repeat(FLOOD_PIECE - 8) + "\n\n"));
    pour(response, piece, bytes);
  }

  private void pour(HttpServerResponse response, Buffer piece, long bytes) {
    long left = bytes;
    while (left > 0 && !response.closed()) {
      if (response.writeQueueFull()) {
        long rest = left;
        response.drainHandler(ignored -> pour(response, piece, rest));
        return;
      }
      bytesWritten.addAndGet(piece.length());
      response.write(piece.copy());
      left -= piece.length();
    }
    if (!response.closed()) {
      response.end();
    }
  }

  private void enqueue(HttpServerRequest request, Api api, Buffer body, Fault met) {
    Json.Ask ask;
    try {
      ask = Json.read(body.getBytes());
    } catch (JacksonException e) {
      json(request.response(), 400, Json.error("the body is not JSON"));
      return;
    }
    if (!options.models().contains(ask.model())) {
      json(request.response(), 404, Json.error("no such model"));
      return;
    }
    if (running.get() >= options.maxRunningSequences() && waiting.get() >= options.maxWaiting()) {
      json(request.response(), 503, Json.error("the waiting queue is full"));
      return;
    }
    Sequence sequence = new Sequence(request, api, ask, met);
    request.response().closeHandler(ignored -> leave(sequence));
    request.response().exceptionHandler(ignored -> leave(sequence));
    queue.add(sequence);
    waiting.incrementAndGet();
    fill();
  }

  /** Moves waiting requests into free running slots, oldest first. */
  private void fill() {
    while (running.get() < options.maxRunningSequences() && !queue.isEmpty()) {
      Sequence next = queue.remove();
      waiting.decrementAndGet();
      running.incrementAndGet();
      started.incrementAndGet();
      next.isRunning = true;
      promptTokens.addAndGet(next.ask.promptTokens());
      kvUsed.addAndGet(next.ask.promptTokens());
      long now = System.nanoTime();
      listener.started(next.id, now);
      long first =
          options.timeToFirstToken().toNanos()
              + options.timePerPromptToken().toNanos() * next.ask.promptTokens();
      next.dueNanos = now + first * next.slow;
      due.add(next);
    }
    arm();
  }

  private void arm() {
    Sequence head = due.peek();
    if (armed || head == null) {
      return;
    }
    armed = true;
    long millis = Math.max(1, TimeUnit.NANOSECONDS.toMillis(head.dueNanos - System.nanoTime()));
    // At most 5 ms ahead, so that a sequence that starts later and is due sooner is not late.
    vertx.setTimer(Math.min(5, millis), ignored -> context.runOnContext(v -> tick()));
  }

  private void tick() {
    armed = false;
    long now = System.nanoTime();
    for (Sequence s = due.peek(); s != null && s.dueNanos - now <= 0; s = due.peek()) {
      due.remove();
      token(s);
    }
    arm();
  }

  private void token(Sequence s) {
    HttpServerResponse response = s.request.response();
    if (s.ask.stream() && response.writeQueueFull()) {
      response.drainHandler(ignored -> resume(s));
      return;
    }
    s.tokens++;
    generationTokens.incrementAndGet();
    kvUsed.incrementAndGet();
    if (s.ask.stream()) {
      if (s.tokens == 1) {
        response.setChunked(true).putHeader("content-type", "text/event-stream");
        write(s, Json.opening(s.api, s.ask));
      }
      write(s, Json.token(s.api, s.ask, options.tokenText(), s.tokens - 1, s.tokens == s.limit));
    }
    if (s.met == Fault.RESET && s.tokens >= options.resetAfterTokens()) {
      end(s, Outcome.RESET);
      s.request.connection().close();
    } else if (s.tokens < s.limit) {
      s.dueNanos += options.timePerOutputToken().toNanos() * s.slow;
      due.add(s);
    } else {
      end(s, Outcome.FINISHED);
      String text = options.tokenText().repeat(s.tokens);
      if (s.ask.stream()) {
        write(s, Json.closing(s.api, s.ask, text, s.tokens));
        response.end();
      } else {
        String body = Json.whole(s.api, s.ask, text, s.tokens);
        bytesWritten.addAndGet(body.getBytes(StandardCharsets.UTF_8).length);
        json(response, 200, body);
      }
    }
  }

  private void resume(Sequence s) {
    if (s.isRunning && !due.contains(s)) {
      s.dueNanos = System.nanoTime();
      due.add(s);
      arm();
    }
  }

  private void write(Sequence s, String events) {
    if (events.isEmpty()) {
      return;
    }
    Buffer event = Buffer.buffer(events);
    bytesWritten.addAndGet(event.length());
    s.request.response().write(event);
  }

  private void leave(Sequence s) {
    if (s.isRunning) {
      due.remove(s);
      end(s, Outcome.CANCELLED);
    } else if (queue.remove(s)) {
      waiting.decrementAndGet();
      cancelled.incrementAndGet();
    }
  }

  private void end(Sequence s, Outcome outcome) {
    s.isRunning = false;
    running.decrementAndGet();
    kvUsed.addAndGet(-(s.ask.promptTokens() + s.tokens));
    switch (outcome) {
      case FINISHED -> finished.incrementAndGet();
      case CANCELLED -> cancelled.incrementAndGet();
      case RESET -> {}
    }
    listener.ended(s.id, System.nanoTime(), outcome);
    fill();
  }

  private String metrics() {
    String model = options.models().getFirst();
    StringBuilder out = new StringBuilder();
    sample(out, "gauge", "num_requests_running", model, running.get());
    sample(out, "gauge", "num_requests_waiting", model, waiting.get());
    double usage = Math.min(1.0, (double) kvUsed.get() / options.kvTokens());
    sample(out, "gauge", "kv_cache_usage_perc", model, usage);
    sample(out, "counter", "num_preemptions_total", model, 0);
    sample(out, "counter", "prompt_tokens_total", model, (double) promptTokens.get());
    sample(out, "counter", "generation_tokens_total", model, (double) generationTokens.get());
    String blocks = Long.toString(Math.max(1, options.kvTokens() / 16));
    out.append("# TYPE vllm:cache_config_info gauge\nvllm:cache_config_info{block_size=\"16\",")
        .append("num_gpu_blocks=\"")
        .append(blocks)
        .append("\"} 1.0\n");
    return out.toString();
  }

  private static void sample(
      StringBuilder out, String type, String name, String model, double value) {
    out.append("# TYPE vllm:").append(name).append(' ').append(type).append('\n');
    out.append("vllm:").append(name).append("{model_name=\"").append(model).append("\"} ");
    out.append(value).append('\n');
  }

  /** One request from arrival to its end. Confined to the event loop. */
  private final class Sequence {
    final HttpServerRequest request;
    final Json.Ask ask;
    final Fault met;
    final String id;
    final Api api;
    final int limit;
    final long slow;
    int tokens;
    long dueNanos;
    boolean isRunning;

    Sequence(HttpServerRequest request, Api api, Json.Ask ask, Fault met) {
      this.request = request;
      this.ask = ask;
      this.met = met;
      String given = request.getHeader("x-request-id");
      this.id = given == null ? "" : given;
      this.api = api;
      int asked = ask.maxTokens() > 0 ? ask.maxTokens() : options.defaultOutputTokens();
      this.limit = api == Api.EMBEDDING ? 1 : asked;
      this.slow = met == Fault.SLOW ? options.slowFactor() : 1;
    }
  }
}
