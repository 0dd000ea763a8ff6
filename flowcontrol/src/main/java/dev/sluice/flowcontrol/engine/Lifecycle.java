package dev.sluice.flowcontrol.engine;

/**
 * Whether flow control takes requests. After a shutdown it drains: it takes no request, and serves
 * the requests that it has, until the drain's time is over and it is closed.
 *
 * <pre>
 * from       event                          to         fired by
 * OPEN       shutdown                       DRAINING   begin
 * DRAINING   shutdown with an earlier end   DRAINING   begin
 * DRAINING   the drain's time is over       CLOSED     advance
 * </pre>
 */
final class Lifecycle {

  private enum Phase {
    OPEN,
    DRAINING,
    CLOSED
  }

  private final Waiting waiting;
  private final Running running;
  private Phase phase = Phase.OPEN;
  private long drainUntilNanos;
  private boolean reported;
  private boolean unfinished;

  Lifecycle(Waiting waiting, Running running) {
    this.waiting = waiting;
    this.running = running;
  }

  boolean isOpen() {
    return phase == Phase.OPEN;
  }

  /** Whether requests are left to evict, because the effects of a round were too many. */
  boolean isUnfinished() {
    return unfinished;
  }

  /**
   * Begins a drain that lasts {@code drainNanos}; of several drains the one that ends first counts.
   */
  void beginDrain(Round round, long drainNanos) {
    var until = round.nowNanos() + drainNanos;
    if (phase == Phase.OPEN || until - drainUntilNanos < 0) {
      phase = phase == Phase.OPEN ? Phase.DRAINING : phase;
      drainUntilNanos = until;
    }
  }

  /** Closes when the drain's time is over, and reports once that nothing is left to do. */
  void advance(Round round) {
    if (phase == Phase.OPEN) {
      return;
    }
    unfinished = false;
    if (phase == Phase.DRAINING && round.nowNanos() - drainUntilNanos >= 0) {
      phase = Phase.CLOSED;
    }
    if (phase == Phase.CLOSED && !waiting.close(round)) {
      unfinished = true;
      return;
    }
    if (!reported && waiting.isEmpty() && (phase == Phase.CLOSED || running.size() == 0)) {
      reported = true;
      round.effects().reportDrained();
    }
  }

  /** The end of the drain's time; {@link NextDue#NEVER} if there is no drain. */
  long nextDueNanos() {
    return phase == Phase.DRAINING ? drainUntilNanos : NextDue.NEVER;
  }
}
