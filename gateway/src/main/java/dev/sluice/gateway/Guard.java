package dev.sluice.gateway;

import dev.sluice.gateway.upstream.AnswerListener;
import dev.sluice.serving.attempts.Failure;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpResponse;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The border between one exchange and everything that calls it: sockets, timers, flow control. If a
 * call throws, whatever it throws, the exchange is told and ends, so that it holds nothing for
 * ever. No exception passes to the caller, which could do nothing about it. Lives on the exchange's
 * event loop.
 */
final class Guard implements AnswerListener {
  private final AnswerListener exchange;
  private final Consumer<Throwable> broken;

  /**
   * The guard of one exchange.
   *
   * @param exchange hears the endpoint's answer through this guard
   * @param broken ends the exchange; must not throw
   */
  Guard(AnswerListener exchange, Consumer<Throwable> broken) {
    this.exchange = exchange;
    this.broken = broken;
  }

  /** Runs a step of the exchange. */
  void run(Runnable step) {
    try {
      step.run();
    } catch (Throwable thrown) {
      broken.accept(thrown);
    }
  }

  /** Runs all steps, even if some throw, and then throws what the first of them threw. */
  static void runAll(Runnable... steps) {
    @Nullable RuntimeException first = null;
    for (var step : steps) {
      try {
        step.run();
      } catch (RuntimeException e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }

  /** Runs a step of the exchange on its event loop: at once if this is its thread. */
  void runOn(Context loop, Runnable step) {
    if (Vertx.currentContext() == loop) {
      run(step);
    } else {
      loop.runOnContext(ignored -> run(step));
    }
  }

  /** A callback that runs the step behind this guard. */
  Runnable of(Runnable step) {
    return () -> run(step);
  }

  /** A callback that runs the step behind this guard with what the caller gives. */
  <T> Consumer<T> of(Consumer<T> step) {
    return given -> run(() -> step.accept(given));
  }

  @Override
  public void headReceived(HttpResponse head) {
    run(() -> exchange.headReceived(head));
  }

  @Override
  public void pieceReceived(ByteBuf piece) {
    run(() -> exchange.pieceReceived(piece));
  }

  @Override
  public void readCompleted() {
    run(exchange::readCompleted);
  }

  @Override
  public void completed() {
    run(exchange::completed);
  }

  @Override
  public void failed(Failure failure, Throwable cause) {
    run(() -> exchange.failed(failure, cause));
  }
}
