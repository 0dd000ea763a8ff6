package dev.sluice.modelserver;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A TCP port that can refuse connections for a while. During that time, a socket that is bound but
 * does not listen keeps the port from other processes. Thread-safe. Methods block, so they must not
 * be called on an event loop.
 */
final class Port implements AutoCloseable {
  private static final long SECONDS = 10;

  private final Vertx vertx;
  private final Context context;
  private final String host;
  private final Handler<HttpServerRequest> handler;
  private final int number;
  private HttpServer server;
  private @Nullable SocketChannel keeper;

  /**
   * Listens on a port, or on a free one if {@code wanted} is 0. Requests are handled on {@code
   * context}.
   */
  Port(Vertx vertx, Context context, String host, int wanted, Handler<HttpServerRequest> handler) {
    this.vertx = vertx;
    this.context = context;
    this.host = host;
    this.handler = handler;
    server = listen(wanted);
    number = server.actualPort();
  }

  int number() {
    return number;
  }

  /** Closes every connection and refuses new ones from now on. */
  synchronized void refuse() {
    if (keeper != null) {
      return;
    }
    await(server.close(), "stop listening");
    try {
      var bound = SocketChannel.open();
      keeper = bound;
      bound.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      bound.bind(new InetSocketAddress(host, number));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot keep port " + number, e);
    }
  }

  /** Accepts connections again. */
  synchronized void accept() {
    if (keeper != null) {
      releaseKeeper();
      server = listen(number);
    }
  }

  @Override
  public synchronized void close() {
    releaseKeeper();
    await(server.close(), "close");
  }

  private void releaseKeeper() {
    var bound = keeper;
    keeper = null;
    if (bound != null) {
      try {
        bound.close();
      } catch (IOException e) {
        throw new UncheckedIOException("cannot release port " + number, e);
      }
    }
  }

  private HttpServer listen(int wanted) {
    Promise<HttpServer> listening = Promise.promise();
    context.runOnContext(ignored ->
        vertx
            .createHttpServer()
            .requestHandler(handler)
            .listen(wanted, host)
            .onComplete(listening));
    try {
      return await(listening.future(), "listen");
    } catch (Exception e) { // Future.await declares none of the exceptions of binding
      throw new IllegalStateException(
          "cannot listen on " + host + ":" + wanted + ": " + e.getMessage(), e);
    }
  }

  private static <T> T await(Future<T> future, String toDo) {
    try {
      return future.await(SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new IllegalStateException(
          "the model server did not " + toDo + " within " + SECONDS + " s", e);
    }
  }
}
