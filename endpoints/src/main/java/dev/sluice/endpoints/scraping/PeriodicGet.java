package dev.sluice.endpoints.scraping;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.RequestOptions;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gets one page periodically, with one request at a time. The state is confined to one event loop.
 * The bytes of every page are collected in the same array.
 *
 * <p>The period counts from start to start, and is jittered by a tenth either way, so that many
 * endpoints spread out. A page that takes longer than the period delays the next one. A page that
 * is not complete within the time limit has failed. While the event loop itself is late, time does
 * not count: the answer may have come long ago, and nobody has looked. If the host has several
 * addresses, those that can't be connected to are passed over.
 *
 * <p>If a step throws, the exception is logged, the page has failed, and the next one is gotten in
 * its time.
 */
final class PeriodicGet {
  private static final Logger LOG = LoggerFactory.getLogger(PeriodicGet.class);
  private static final int FIRST_SIZE = 4096;

  /** The event loop is late if a timer runs later than this part of the time limit. */
  private static final int LATE_PART = 4;

  /** The receiver of the pages. Called on the event loop. */
  interface Receiver {

    /** Takes a whole answer. {@code bytes} is valid during the call only. */
    void received(int status, byte[] bytes, int length);

    /** Notes that there was no whole answer. */
    void failed(String reason);
  }

  private final Vertx vertx;
  private final Context context;
  private final HttpClient client;
  private final RequestOptions target;
  private final AddressTurns addresses;
  private final long periodMillis;
  private final long timeoutMillis;
  private final int maxBytes;
  private final Receiver receiver;

  private byte[] page = new byte[FIRST_SIZE];
  private @Nullable Exchange exchange;
  private long dueMillis;
  private long timer = -1;

  /** The time for which the timer is set. */
  private long timerMillis;

  /** Set at once, so that the client may be closed right after. */
  private volatile boolean closed;

  PeriodicGet(
      Vertx vertx,
      Context context,
      HttpClient client,
      RequestOptions target,
      AddressTurns.Names names,
      long periodMillis,
      long timeoutMillis,
      int maxBytes,
      Receiver receiver) {
    this.vertx = vertx;
    this.context = context;
    this.client = client;
    this.target = target;
    addresses = new AddressTurns(vertx, target, names);
    this.periodMillis = periodMillis;
    this.timeoutMillis = timeoutMillis;
    this.maxBytes = maxBytes;
    this.receiver = receiver;
  }

  /**
   * Gets the page after {@code delayMillis}, and then periodically. If a request is under way at
   * that time, the next one follows it. Thread-safe.
   */
  void start(long delayMillis) {
    context.runOnContext(nothing -> {
      dueMillis = nowMillis() + delayMillis;
      proceed();
    });
  }

  /** Stops. After the event loop has run this, nothing is received any more. Thread-safe. */
  void close() {
    context.runOnContext(nothing -> {
      closed = true;
      vertx.cancelTimer(timer);
      var current = exchange;
      exchange = null;
      if (current != null) {
        current.abandon();
      }
    });
  }

  /** Whether a request is under way. To be asked on the event loop. */
  boolean isUnderWay() {
    return exchange != null;
  }

  private void timerRan() {
    var now = nowMillis();
    var late = now - timerMillis;
    var current = exchange;
    if (current != null && late > Math.max(1, timeoutMillis / LATE_PART)) {
      current.deadlineMillis = Math.max(current.deadlineMillis, now) + late;
    }
    proceed();
  }

  /** Fails a request that is late, sends one that is due, and sets the timer for the next. */
  private void proceed() {
    if (closed) {
      return;
    }
    vertx.cancelTimer(timer);
    try {
      step(nowMillis());
    } catch (RuntimeException e) {
      LOG.error("Reading {} failed; it goes on", target.getURI(), e);
      failUnderWay(e);
    }
    if (!closed) { // what was told of the page may have closed this
      var now = nowMillis();
      var current = exchange;
      var next =
          current == null
              ? dueMillis
              : Math.min(current.deadlineMillis, Math.max(dueMillis, now + 1));
      timerMillis = Math.max(now + 1, next);
      timer = vertx.setTimer(timerMillis - now, id -> timerRan());
    }
  }

  private void failUnderWay(RuntimeException cause) {
    var current = exchange;
    if (current != null) {
      try {
        current.fail(cause);
      } catch (RuntimeException e) {
        LOG.error("Nobody could be told that reading {} failed", target.getURI(), e);
      }
    }
  }

  private void step(long now) {
    var current = exchange;
    if (current != null && now >= current.deadlineMillis) {
      exchange = null;
      if (current.request == null) {
        var _ = addresses.next(current.sent);
      }
      current.abandon();
      receiver.failed("no whole answer within " + timeoutMillis + " ms");
      current = null;
    }
    if (current == null && now >= dueMillis) {
      var jitter = periodMillis / 10;
      // Counted from the due time, so that late timers do not add up, unless it is far behind.
      dueMillis =
          Math.max(dueMillis, now - periodMillis / 4)
              + periodMillis
              + ThreadLocalRandom.current().nextLong(-jitter, jitter + 1);
      current = new Exchange(now + timeoutMillis);
      exchange = current;
      current.send();
    }
  }

  private static long nowMillis() {
    return System.nanoTime() / 1_000_000;
  }

  /** One request with the answer to it. */
  private final class Exchange {
    private long deadlineMillis;
    private RequestOptions sent = target;
    private @Nullable HttpClientRequest request;
    private int length;

    Exchange(long deadlineMillis) {
      this.deadlineMillis = deadlineMillis;
    }

    void send() {
      sent = addresses.inUse();
      client.request(sent).onComplete(this::connected, this::connectFailed);
    }

    /** Tries the other addresses of the host, within the same time limit. */
    private void connectFailed(Throwable cause) {
      if (exchange == this) {
        addresses
            .next(sent)
            .onComplete(next -> {
              if (exchange == this && next.succeeded() && next.result()) {
                send();
              } else {
                fail(cause);
              }
            });
      }
    }

    private void connected(HttpClientRequest opened) {
      request = opened;
      if (exchange != this) {
        abandon();
        return;
      }
      opened.send().onComplete(this::answered, this::fail);
    }

    private void answered(HttpClientResponse response) {
      if (exchange != this) {
        return;
      }
      response.exceptionHandler(this::fail);
      response.handler(this::append);
      response.endHandler(nothing -> finish(response.statusCode()));
    }

    private void append(Buffer chunk) {
      if (exchange != this) {
        return;
      }
      var end = length + chunk.length();
      if (end > maxBytes) {
        exchange = null;
        abandon();
        receiver.failed("the answer is longer than " + maxBytes + " bytes");
        return;
      }
      if (end > page.length) {
        page = Arrays.copyOf(page, Math.max(end, 2 * page.length));
      }
      chunk.getBytes(page, length);
      length = end;
    }

    private void finish(int status) {
      if (exchange == this) {
        exchange = null;
        try {
          receiver.received(status, page, length);
        } catch (RuntimeException e) {
          LOG.error("The answer of {} could not be used; reading goes on", target.getURI(), e);
        }
      }
    }

    private void fail(Throwable cause) {
      if (exchange == this) {
        exchange = null;
        abandon();
        var message = cause.getMessage();
        receiver.failed(message == null ? cause.getClass().getSimpleName() : message);
      }
    }

    private void abandon() {
      var opened = request;
      if (opened != null) {
        opened.reset();
      }
    }
  }
}
