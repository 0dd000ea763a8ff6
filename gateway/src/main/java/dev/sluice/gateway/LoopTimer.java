package dev.sluice.gateway;

import io.vertx.core.Vertx;
import java.time.Duration;

/** A timer that runs at most one action at a time. Lives on its event loop. */
final class LoopTimer {
  private static final long STOPPED = -1;

  private final Vertx vertx;
  private long id = STOPPED;

  LoopTimer(Vertx vertx) {
    this.vertx = vertx;
  }

  /**
   * Runs the action after a delay. An action that was started before and has not run is dropped.
   */
  void start(Duration delay, Runnable action) {
    stop();
    id =
        vertx.setTimer(
            delay.toMillis(),
            ignored -> {
              id = STOPPED;
              action.run();
            });
  }

  void stop() {
    if (id != STOPPED) {
      vertx.cancelTimer(id);
      id = STOPPED;
    }
  }
}
