package dev.sluice.flowcontrol.plugins.detectors;

import dev.sluice.flowcontrol.structures.Ranges;

/*
 * Below what an endpoint serves at once, requests end in proportion to the limit; above, the rate
 * stays. So the limit is halved and doubled for trial, and the rates are compared:
 *
 *   trial   rate, of the rate before   then
 *   half    nearly the same            stay, halve again
 *   half    less                       half * before / now is what the endpoint serves
 *   double  nearly double              stay, double again
 *   double  less                       limit * now / before is what the endpoint serves
 *
 * While nothing changes, the pauses between trials double, up to a quarter of an hour. Each trial
 * first waits until what was in flight has ended. Requests differ in length, so each rate
 * is taken over a number of ends that grows with the limit.
 */

/**
 * How many requests an endpoint serves at once, found from nothing but the rate at which they end.
 * The slowest way to learn a limit, and the only one if an endpoint has no metrics and does not
 * show when its answers begin. Requests count only while the limit binds. Not thread-safe; O(1).
 */
final class Throughput {
  private static final int FEWEST_ENDS = 12;
  private static final double SAME = 0.85;
  private static final double NEARLY_DOUBLE = 1.6;
  private static final long SECOND = 1_000_000_000L;
  private static final long SHORTEST_PAUSE = 30 * SECOND;
  private static final long LONGEST_PAUSE = 960 * SECOND;

  private enum Trial {
    NONE,
    HALF,
    DOUBLE
  }

  private final int least;
  private final int most;
  private int value;
  private double rate;
  private Trial trial = Trial.NONE;
  private Trial next = Trial.HALF;
  private boolean isPaused;
  private long pauseNanos = SHORTEST_PAUSE;
  private long pausedAtNanos;

  private long toSkip;
  private long toCount;
  private long counted;
  private long countedFromNanos;

  Throughput(Ledger.Parameters parameters) {
    least = parameters.minLimit();
    most = parameters.maxLimit();
    value = parameters.startLimit();
    measure();
  }

  /** Begins with what another gate has found for the same endpoint. */
  void startFrom(Throughput other) {
    value = Ranges.clamp(other.value, least, most);
    next = other.next;
    measure();
  }

  /** How many requests the endpoint is given. */
  int given() {
    return switch (trial) {
      case NONE -> value;
      case HALF -> Math.max(least, value / 2);
      case DOUBLE -> Math.min(most, 2 * value);
    };
  }

  /** A request ended, when so many were there. */
  void ended(long inFlight, long nowNanos) {
    if (inFlight < given()) {
      measure(); // it did not bind
    } else if (toSkip > 0) {
      toSkip--;
      countedFromNanos = nowNanos;
    } else if (++counted >= toCount && nowNanos - countedFromNanos > 0) {
      judge((double) counted / (nowNanos - countedFromNanos), nowNanos);
      measure();
    }
  }

  private void measure() {
    toSkip = 1L + Math.max(value, given());
    toCount = Math.max(FEWEST_ENDS, 2L * given());
    counted = 0;
  }

  private void judge(double now, long nowNanos) {
    switch (trial) {
      case NONE -> {
        rate = now;
        if (!isPaused || nowNanos - pausedAtNanos >= pauseNanos) {
          isPaused = false;
          trial = next;
        }
      }
      case HALF -> {
        if (now >= SAME * rate && given() < value) {
          accept(now);
        } else {
          settle(given() * rate / now, Trial.DOUBLE, nowNanos);
        }
      }
      case DOUBLE -> {
        if (now >= NEARLY_DOUBLE * rate) {
          accept(now);
        } else {
          settle(value * now / rate, Trial.HALF, nowNanos);
        }
      }
    }
  }

  /** The same trial follows from here. */
  private void accept(double now) {
    value = given();
    rate = now;
  }

  /**
   * Takes what the endpoint serves. A trial of twice as much follows at once, one of half as much
   * after a pause. While nothing changes, the pauses double: each trial costs service.
   */
  private void settle(double serves, Trial then, long nowNanos) {
    var estimate = Ranges.clamp(Math.round(serves), least, most);
    var change = estimate - value;
    var isUnchanged = Math.abs(change) <= Math.max(1, value / 8);
    if (!isUnchanged) {
      pauseNanos = SHORTEST_PAUSE;
    } else if (then == Trial.HALF) {
      pauseNanos = Math.min(LONGEST_PAUSE, 2 * pauseNanos);
    }
    value = change >= 0 && then == Trial.DOUBLE ? value : estimate;
    trial = Trial.NONE;
    isPaused = then == Trial.HALF || change < 0 && !isUnchanged;
    pausedAtNanos = nowNanos;
    next = then;
  }
}
