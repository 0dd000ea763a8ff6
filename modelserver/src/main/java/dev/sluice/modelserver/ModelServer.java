package dev.sluice.modelserver;

import io.netty.channel.ChannelOption;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.impl.HttpServerConnection;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
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

  /**
   * A request header that asks for a fault for this request alone, by its name in lower case, where
   * the options allow it: none, hang, reset, slow, error or garbage. Anything else is status 400.
   */
  public static final String FAULT_HEADER = "x-sluice-fault";

  private static final Map<String, Fault> HEADER_FAULTS = headerFaults();

  private static final int FLOOD_PIECE = 16 * 1024;

  private final Vertx vertx;
  private final boolean ownsVertx;
  private final Context context;
  private final ModelServerOptions options;
  private final ModelServerListener listener;
  private final Port port;
  private final Map<String, Adapter> adapters = new HashMap<>();
  private final VllmMetrics metrics;
  private final Batch<Sequence> batch;
  private final PriorityQueue<Sequence> due =
      new PriorityQueue<>(Comparator.comparingLong((Sequence s) -> s.dueNanos - ORIGIN));
  private boolean armed;
  private long arrivals;
  private volatile Fault fault = Fault.NONE;
  private final AtomicInteger running = new AtomicInteger();
  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicLong started = new AtomicLong();
  private final AtomicLong finished = new AtomicLong();
  private final AtomicLong cancelled = new AtomicLong();
  private final AtomicLong preempted = new AtomicLong();
  private final AtomicLong bytesWritten = new AtomicLong();
  private static final long ORIGIN = System.nanoTime();

  private ModelServer(
      Vertx vertx, boolean ownsVertx, ModelServerOptions options, ModelServerListener listener) {
    this.vertx = vertx;
    this.ownsVertx = ownsVertx;
    this.options = options;
    this.listener = listener;
    options.adapters().forEach(adapter -> adapters.put(adapter.name(), adapter));
    var slots = adapters.isEmpty() ? 0 : options.maxAdapters();
    metrics = new VllmMetrics(options.models(), options.kvTokens(), slots);
    batch = new Batch<>(options.maxRunningSequences(), options.maxAdapters(), options.kvTokens());
    context = vertx.getOrCreateContext();
    port = new Port(vertx, context, options.host(), options.port(), this::handle);
  }

  /**
   * Starts a server that owns its Vert.x. Blocks until it listens.
   *
   * @throws IllegalStateException if the address is not to be had; the message says why
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

  /** Starts a server on the caller's Vert.x. Blocks, so not to be called on an event loop. */
  public static ModelServer start(
      Vertx vertx, ModelServerOptions options, ModelServerListener listener) {
    return new ModelServer(vertx, false, options, listener);
  }

  /** The TCP port listened on. */
  public int port() {
    return port.number();
  }

  /** The server's address, without a trailing slash. */
  public String baseUrl() {
    return "http://" + options.host() + ":" + port();
  }

  /**
   * From now on, generating requests meet this fault. Returns when {@link Fault#REFUSE} holds, or
   * when it no longer does; so not to be called on an event loop.
   */
  public synchronized void fault(Fault value) {
    fault = value;
    if (value == Fault.REFUSE) {
      port.refuse();
    } else {
      port.accept();
    }
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

  /** How often a request had to wait again because the KV cache ran out. */
  public long preempted() {
    return preempted.get();
  }

  /** Bytes of generated bodies handed to sockets. */
  public long bytesWritten() {
    return bytesWritten.get();
  }

  /** Stops listening and closes every connection. Blocks at most 20 s. */
  @Override
  public void close() {
    port.close();
    if (ownsVertx) {
      try {
        vertx.close().await(10, TimeUnit.SECONDS);
      } catch (TimeoutException e) {
        throw new IllegalStateException("the model server did not close in 10 s", e);
      }
    }
  }

  private void handle(HttpServerRequest request) {
    switch (Objects.requireNonNullElse(request.path(), "")) {
      case "/health" -> request.response().end();
      case "/version" -> json(request.response(), 200, "{\"version\":\"0.1.0\"}");
      case "/v1/models" ->
          json(request.response(), 200, Json.models(options.models(), options.adapters()));
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
    Fault now = faultOf(request);
    if (now == null) {
      json(
          request.response(),
          400,
          Json.error(FAULT_HEADER + ": allowed " + HEADER_FAULTS.keySet()));
      return;
    }
    switch (now) {
      case REFUSE -> request.connection().close(); // it came while the port was being closed
      case HANG -> request.resume();
      case ERROR -> json(request.response(), 500, Json.error("injected fault"));
      case GARBAGE -> request.response().end("<<< not json");
      case NONE, SLOW, RESET -> request.body().onSuccess(body -> enqueue(request, api, body, now));
    }
  }

  /** What a request meets; null if its header names no fault that a single request can meet. */
  private @Nullable Fault faultOf(HttpServerRequest request) {
    String named = options.faultHeader() ? request.getHeader(FAULT_HEADER) : null;
    return named == null ? fault : HEADER_FAULTS.get(named);
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
    Adapter adapter = adapters.get(ask.model());
    if (adapter == null && !options.models().contains(ask.model())) {
      json(request.response(), 404, Json.error("no such model"));
      return;
    }
    if (running.get() >= options.maxRunningSequences() && waiting.get() >= options.maxWaiting()) {
      json(request.response(), 503, Json.error("the waiting queue is full"));
      return;
    }
    Sequence sequence =
        new Sequence(
            request,
            api,
            ask,
            met,
            adapter == null ? "" : adapter.name(),
            metrics.of(adapter == null ? ask.model() : adapter.model()),
            options,
            new Jitter(options.seed(), arrivals++, options.jitter()),
            System.nanoTime());
    request.response().closeHandler(ignored -> leave(sequence));
    request.response().exceptionHandler(ignored -> leave(sequence));
    batch.add(sequence);
    countWaiting(sequence, 1);
    fill();
  }

  private void countWaiting(Sequence s, int change) {
    waiting.addAndGet(change);
    s.counts.waiting += change;
  }

  private void countRunning(Sequence s, int change) {
    running.addAndGet(change);
    s.counts.running += change;
  }

  /** Moves waiting requests into free running slots. */
  private void fill() {
    for (Sequence next = batch.admit(); next != null; next = batch.admit()) {
      countWaiting(next, -1);
      countRunning(next, 1);
      next.isRunning = true;
      long now = System.nanoTime();
      if (!next.hasStarted) {
        next.hasStarted = true;
        started.incrementAndGet();
        next.counts.promptTokens += next.ask.promptTokens();
        listener.started(next.id, now);
      }
      long first =
          options.timeToFirstToken().toNanos()
              + options.timePerPromptToken().toNanos() * next.kvTokens();
      next.dueNanos = now + next.jitter.of(first * next.slow);
      due.add(next);
    }
    arm();
  }

  /** The KV cache ran out: what the request holds there is lost, and computed again later. */
  private void preempt(Sequence s) {
    s.isRunning = false;
    due.remove(s);
    countRunning(s, -1);
    countWaiting(s, 1);
    preempted.incrementAndGet();
    s.counts.preemptions++;
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
    if (!batch.grow(s, this::preempt)) {
      return;
    }
    s.tokens++;
    s.counts.generationTokens++;
    if (s.tokens == 1) {
      s.counts.firstToken(System.nanoTime() - s.arrivedNanos);
    }
    if (s.ask.stream()) {
      if (s.tokens == 1) {
        response.setChunked(true).putHeader("content-type", "text/event-stream");
        write(s, Json.opening(s.api, s.ask));
      }
      write(s, Json.token(s.api, s.ask, options.tokenText(), s.tokens - 1, s.tokens == s.limit));
    }
    if (s.met == Fault.RESET && s.tokens >= options.resetAfterTokens()) {
      end(s, Outcome.RESET);
      reset(s.request);
    } else if (s.tokens < s.limit) {
      s.dueNanos += s.jitter.of(options.timePerOutputToken().toNanos() * s.slow);
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

  /** Cuts a connection as a crashed host would: with a TCP reset instead of an orderly end. */
  private static void reset(HttpServerRequest request) {
    if (request.connection() instanceof HttpServerConnection connection) {
      var channel = connection.channelHandlerContext().channel();
      channel.config().setOption(ChannelOption.SO_LINGER, 0);
      var _ = channel.close();
    } else {
      request.connection().close();
    }
  }

  private void leave(Sequence s) {
    if (s.isRunning) {
      due.remove(s);
      end(s, Outcome.CANCELLED);
    } else if (batch.remove(s)) {
      countWaiting(s, -1);
      cancelled.incrementAndGet();
      if (s.hasStarted) {
        listener.ended(s.id, System.nanoTime(), Outcome.CANCELLED);
      }
      fill(); // it may have stood in the way of smaller ones
    }
  }

  private void end(Sequence s, Outcome outcome) {
    s.isRunning = false;
    batch.remove(s);
    countRunning(s, -1);
    switch (outcome) {
      case FINISHED -> finished.incrementAndGet();
      case CANCELLED -> cancelled.incrementAndGet();
      case RESET -> {}
    }
    listener.ended(s.id, System.nanoTime(), outcome);
    fill();
  }

  private String metrics() {
    return metrics.page(
        batch.kvUsage(),
        batch.runningAdapters(),
        batch.waitingAdapters(),
        System.currentTimeMillis() / 1e3);
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
