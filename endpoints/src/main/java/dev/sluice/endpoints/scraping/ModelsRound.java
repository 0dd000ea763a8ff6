package dev.sluice.endpoints.scraping;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The rounds in which the model lists of all endpoints are read because a request named a model
 * that none has: the callers that wait for the end of a round, and the lists that are not there
 * yet. Not thread-safe; the scraper's lock guards it.
 *
 * @param <T> the endpoints
 */
final class ModelsRound<T> {
  /** The least time between two rounds, so that unknown models cannot make a flood of reads. */
  static final long LEAST_GAP_NANOS = Duration.ofMillis(500).toNanos();

  private final List<Runnable> waiting = new ArrayList<>();
  private final Map<T, Integer> missing = new HashMap<>();
  private boolean isUnderWay;
  private boolean wasEver;
  private long beganNanos;
  private long number;

  /** What {@link #join} decided. */
  enum Joined {
    /** The last round was a moment ago. */
    TOO_SOON,
    /** A round is under way, which the caller waits for. */
    WAITS,
    /** The caller has to begin a round, and waits for it. */
    BEGINS
  }

  Joined join(Runnable whenRead, long nowNanos) {
    if (isUnderWay) {
      waiting.add(whenRead);
      return Joined.WAITS;
    }
    if (wasEver && nowNanos - beganNanos < LEAST_GAP_NANOS) {
      return Joined.TOO_SOON;
    }
    waiting.add(whenRead);
    isUnderWay = true;
    wasEver = true;
    beganNanos = nowNanos;
    number++;
    return Joined.BEGINS;
  }

  /** Expects a number of lists of an endpoint; the last of them was asked for in this round. */
  void expect(T endpoint, int lists) {
    missing.put(endpoint, lists);
  }

  /** A list has come or failed. Returns the callers to tell: none while others are missing. */
  List<Runnable> came(T endpoint) {
    if (!isUnderWay
        || missing.computeIfPresent(endpoint, (key, n) -> n == 1 ? null : n - 1) != null) {
      return List.of();
    }
    return missing.isEmpty() ? end() : List.of();
  }

  /** The number of the round that is under way or was last. */
  long number() {
    return number;
  }

  /** Ends a round whose lists take too long. Returns the callers to tell. */
  List<Runnable> timedOut(long round) {
    return isUnderWay && round == number ? end() : List.of();
  }

  private List<Runnable> end() {
    isUnderWay = false;
    missing.clear();
    var told = List.copyOf(waiting);
    waiting.clear();
    return told;
  }
}
