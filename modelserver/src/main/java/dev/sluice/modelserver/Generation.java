package dev.sluice.modelserver;

import io.netty.channel.ChannelOption;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.impl.HttpServerConnection;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * Generates the answers: admits requests to the batch, and writes their tokens when they are due.
 * Confined to the server's event loop.
 *
 * <p>Running sequences are in a heap, ordered by the time at which their next token is due. One
 * timer for the whole server is set to the first of them, so a token costs O(log running) and no
 * timer of its own. If the client of a sequence does not read, the sequence leaves the heap until
 * its socket can take more.
 */
final class Generation {
  private static final long ORIGIN = System.nanoTime();

  private final Vertx vertx;
  private final Context context;
  private final ModelServerOptions options;
  private final ModelServerListener listener;
  private final Totals totals;
  private final Map<String, Adapter> adapters = new HashMap<>();
  private final VllmMetrics metrics;
  private final Batch<Sequence> batch;
  private final PriorityQueue<Sequence> due =
      new PriorityQueue<>(Comparator.comparingLong((Sequence s) -> s.dueNanos - ORIGIN));
  private boolean armed;
  private long arrivals;

  /** Requests that run and whose prompt is being read. */
  private int reading;

  Generation(
      Vertx vertx,
      Context context,
      ModelServerOptions options,
      ModelServerListener listener,
      Totals totals) {
    this.vertx = vertx;
    this.context = context;
    this.options = options;
    this.listener = listener;
    this.totals = totals;
    options.adapters().forEach(adapter -> adapters.put(adapter.name(), adapter));
    var slots = adapters.isEmpty() ? 0 : options.maxAdapters();
    var gaugeNanos = options.timePerOutputToken().toNanos() * options.habits().gaugeSteps();
    metrics = new VllmMetrics(options.models(), options.kvTokens(), slots, gaugeNanos);
    batch = new Batch<>(options.maxRunningSequences(), options.maxAdapters(), options.kvTokens());
  }

  /** The page of metrics, as a scraper reads it; empty if the server has none. */
  String metricsPage() {
    metrics.show(System.nanoTime());
    return switch (options.habits().metrics()) {
      case VLLM ->
          metrics.page(
              batch.kvUsage(),
              batch.runningAdapters(),
              batch.waitingAdapters(),
              System.currentTimeMillis() / 1e3);
      case LLAMA_CPP -> metrics.llamaCppPage();
      case NONE -> "";
    };
  }

  /**
   * Answers a request when its turn comes, or refuses it at once.
   *
   * @param met the fault that the request meets: none, slow or reset
   */
  void enqueue(HttpServerRequest request, Api api, Buffer body, Fault met) {
    Json.Ask ask;
    try {
      ask = Json.read(body.getBytes());
    } catch (JacksonException e) {
      Answers.json(request.response(), 400, Json.error("the body is not JSON"));
      return;
    }
    Adapter adapter = adapters.get(ask.model());
    if (adapter == null && !options.models().contains(ask.model())) {
      Answers.json(request.response(), 404, Json.error("no such model"));
      return;
    }
    if (totals.running.get() >= options.maxRunningSequences()
        && totals.waiting.get() >= options.maxWaiting()) {
      Answers.json(request.response(), 503, Json.error("the waiting queue is full"));
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
    if (ask.stream() && options.habits().sendsHeadFirst()) {
      begin(sequence);
      var _ = request.response().writeHead();
    }
    batch.add(sequence);
    countWaiting(sequence, 1);
    fill();
  }

  private static void begin(Sequence s) {
    s.request.response().setChunked(true).putHeader("content-type", "text/event-stream");
  }

  private void countWaiting(Sequence s, int change) {
    metrics.show(System.nanoTime());
    totals.waiting.addAndGet(change);
    s.counts.waiting += change;
  }

  private void countRunning(Sequence s, int change) {
    metrics.show(System.nanoTime());
    totals.running.addAndGet(change);
    s.counts.running += change;
  }

  /** Moves waiting requests into free running slots. */
  private void fill() {
    for (Sequence next = admit(); next != null; next = admit()) {
      countWaiting(next, -1);
      countRunning(next, 1);
      next.isRunning = true;
      next.isReading = true;
      reading++;
      long now = System.nanoTime();
      if (!next.hasStarted) {
        next.hasStarted = true;
        totals.started.incrementAndGet();
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

  private @Nullable Sequence admit() {
    var most = options.habits().promptsAtOnce();
    return most == 0 || reading < most ? batch.admit() : null;
  }

  /** The prompt of a request was read, or will not be. */
  private void stopReading(Sequence s) {
    if (s.isReading) {
      s.isReading = false;
      reading--;
    }
  }

  /** Stops a request that lost its place in the KV cache. Its tokens are computed again later. */
  private void preempt(Sequence s) {
    s.isRunning = false;
    stopReading(s);
    due.remove(s);
    countRunning(s, -1);
    countWaiting(s, 1);
    totals.preempted.incrementAndGet();
    s.counts.preemptions++;
  }

  private void arm() {
    Sequence head = due.peek();
    if (armed || head == null) {
      return;
    }
    armed = true;
    long millis = Math.max(1, TimeUnit.NANOSECONDS.toMillis(head.dueNanos - System.nanoTime()));
    // The timer is set at most 5 ms ahead. So a sequence that starts later but is due sooner is not
    // late by more than that.
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
    if (s.isReading) {
      stopReading(s);
      fill();
    }
    s.tokens++;
    s.counts.generationTokens++;
    if (s.tokens == 1) {
      s.counts.firstToken(System.nanoTime() - s.arrivedNanos);
    }
    if (s.ask.stream()) {
      if (s.tokens == 1) {
        if (!response.headWritten()) {
          begin(s);
        }
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
        totals.bytesWritten.addAndGet(body.getBytes(StandardCharsets.UTF_8).length);
        Answers.json(response, 200, body);
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
    totals.bytesWritten.addAndGet(event.length());
    s.request.response().write(event);
  }

  /** Cuts a connection as a crashed host would: by a TCP reset instead of an orderly end. */
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
      totals.cancelled.incrementAndGet();
      if (s.hasStarted) {
        listener.ended(s.id, System.nanoTime(), Outcome.CANCELLED);
      }
      fill(); // its prompt may have kept smaller ones from starting
    }
  }

  private void end(Sequence s, Outcome outcome) {
    s.isRunning = false;
    stopReading(s);
    batch.remove(s);
    countRunning(s, -1);
    switch (outcome) {
      case FINISHED -> totals.finished.incrementAndGet();
      case CANCELLED -> totals.cancelled.incrementAndGet();
      case RESET -> {}
    }
    listener.ended(s.id, System.nanoTime(), outcome);
    fill();
  }
}
