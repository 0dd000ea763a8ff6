package dev.sluice.flowcontrol.plugins.detectors;

/*
 * The problem: how many requests does an endpoint run at once? It never says so. It says how many
 * run and how many wait, or shows it by its answers.
 *
 * The mechanism. Requests wait in the endpoint for one of two reasons. If all its places are taken,
 * then as many run as ever ran, and more cannot. If prompts are still to be read, then fewer run
 * than ran before, and places are free. The most that ran lately, the peak, tells the two apart:
 *
 *   waiting  running      what it means      what follows
 *   0        -            room               grow by a step, if the limit binds; double the step
 *   > 0      rises        prompts are read   wait and see
 *   > 0      below peak   prompts are read   none; two such sights in a row are remembered a while
 *   > 0      at the peak  full               if a request ended since it was first seen and the
 *                                            limit binds: the limit is the peak
 *
 * Without an end between two sights, a cut would have no effect, and nothing would prove that the
 * number running cannot rise. Each cut doubles the time until the next try to grow, up to about a
 * minute: a try makes one request wait in the endpoint. If prompts are what the endpoint is short
 * of, requests must wait in it to keep it busy: then the limit is the peak and its square root, as
 * the number that is being generated varies by about so much.
 *
 * Preemptions and a KV cache that is nearly full cut a binding limit by a tenth.
 */

/**
 * How many requests an endpoint serves at once, found by growth in doubling steps until requests
 * wait in the endpoint; from then on it is the most that ran. It changes only while it binds, so
 * neither a quiet hour nor a few long prompts teach it anything. Not thread-safe; O(1).
 */
final class LearnedLimit {
  private static final double DECREASE = 0.9;
  private static final double KV_DANGER = 0.95;
  private static final long SECOND = 1_000_000_000L;

  /** The peak is the most that ran in the last one to two of these. */
  private static final long WINDOW = 5 * SECOND;

  private static final long SHORTEST_PAUSE = SECOND;
  private static final long LONGEST_PAUSE = 64 * SECOND;

  /** Sights in a row of requests that wait beside free places; one may be a request on its way. */
  private static final int SURE = 2;

  private final boolean isFixed;
  private final int least;
  private final int most;
  private final long intervalNanos;
  private int value;
  private int step;
  private boolean hasSample;
  private long steppedAtNanos;
  private long preemptions;

  private long peak;
  private long peakBefore;
  private long windowBeganAtNanos;

  private int besideFreePlaces;
  private boolean readsPrompts;
  private long readsPromptsUntilNanos;

  /**
   * The number running when the endpoint looked full, 0 if it does not, and the ends until then.
   */
  private long fullAt;

  private long endedWhenFull;
  private boolean isDraining;
  private long pauseNanos = SHORTEST_PAUSE;
  private long growsFromNanos;

  LearnedLimit(Ledger.Parameters parameters) {
    isFixed = parameters.fixedLimit() > 0;
    value = isFixed ? parameters.fixedLimit() + parameters.headroom() : parameters.startLimit();
    step = value;
    least = parameters.minLimit();
    most = parameters.maxLimit();
    intervalNanos = Math.max(1, parameters.learningInterval().toNanos());
  }

  /** How many requests the endpoint is given. */
  int given() {
    return value;
  }

  /** Begins where another limit of the same endpoint has come to, as far as the bounds allow. */
  void startFrom(LearnedLimit other) {
    if (!isFixed && !other.isFixed) {
      value = Math.clamp(other.value, least, most);
      step = Math.min(other.step, value);
    }
  }

  /** Whether a sight of this time is a step, or too early. */
  boolean isDue(long atNanos) {
    return !isFixed && (!hasSample || atNanos - steppedAtNanos >= intervalNanos);
  }

  /**
   * Learns from a sight of the endpoint. The first one shows from where preemptions count.
   *
   * @param running requests that run in the endpoint, all senders'
   * @param placed requests in the endpoint of which none waits; if that is unknown, 0
   * @param waiting requests that wait in it
   * @param preempted its preemptions since it started
   * @param inFlight requests on it by now, all senders'
   * @param ended our requests that ended on it so far
   */
  void seen(
      long atNanos,
      long running,
      long placed,
      long waiting,
      double kvUtilization,
      long preempted,
      long inFlight,
      long ended) {
    if (!isDue(atNanos)) {
      return;
    }
    var isFirst = !hasSample;
    var hasPreempted = preempted > preemptions;
    hasSample = true;
    steppedAtNanos = atNanos;
    preemptions = preempted;
    keepPeak(atNanos, running, isFirst);
    if (isFirst) {
      growsFromNanos = atNanos;
      return;
    }
    isDraining &= inFlight > value;
    if (hasPreempted || kvUtilization > KV_DANGER) {
      overloaded(inFlight);
    } else if (kvUtilization <= KV_DANGER) {
      if (waiting > 0) {
        waits(atNanos, running, waiting, ended);
      } else {
        hasRoom(atNanos, placed, inFlight);
      }
      if (running > value && !isDraining) {
        value = (int) Math.min(most, running);
      }
    }
  }

  private void keepPeak(long atNanos, long running, boolean isFirst) {
    if (isFirst || atNanos - windowBeganAtNanos >= WINDOW) {
      peakBefore = peak;
      peak = 0;
      windowBeganAtNanos = atNanos;
    }
    peak = Math.max(peak, running);
  }

  private long peak() {
    return Math.max(peak, peakBefore);
  }

  private void overloaded(long inFlight) {
    fullAt = 0;
    step = 1;
    if (inFlight <= value && binds(inFlight)) {
      value = Math.max(least, (int) (value * DECREASE));
      isDraining = inFlight > value;
    }
  }

  private void hasRoom(long atNanos, long placed, long inFlight) {
    fullAt = 0;
    besideFreePlaces = 0;
    if (binds(inFlight) && binds(placed) && atNanos - growsFromNanos >= 0) {
      pauseNanos = step > 1 ? SHORTEST_PAUSE : pauseNanos; // the step before was right
      value = (int) Math.min(most, (long) value + step);
      step = Math.min(2 * step, value);
    }
  }

  private boolean binds(long requests) {
    return requests >= almost(value);
  }

  /** Of many requests, some are always on their way. */
  private static long almost(long requests) {
    return requests - requests / 16;
  }

  private void waits(long atNanos, long running, long waiting, long ended) {
    step = 1;
    if (running < almost(peak())) {
      fullAt = 0;
      if (++besideFreePlaces >= SURE) {
        readsPrompts = true;
        readsPromptsUntilNanos = atNanos + 2 * WINDOW;
      }
      return;
    }
    besideFreePlaces = 0;
    if (fullAt == 0 || almost(running) > fullAt) {
      fullAt = running;
      endedWhenFull = ended;
    } else if (ended != endedWhenFull && binds(running + waiting)) {
      cut(atNanos);
    }
  }

  private void cut(long atNanos) {
    readsPrompts &= atNanos - readsPromptsUntilNanos < 0;
    var full = peak() + (readsPrompts ? (long) Math.ceil(Math.sqrt((double) peak())) : 0);
    var target = Math.max(least, full);
    if (target < value) {
      value = (int) target;
      pauseNanos = readsPrompts ? SHORTEST_PAUSE : Math.min(LONGEST_PAUSE, 2 * pauseNanos);
      growsFromNanos = atNanos + pauseNanos;
    }
  }
}
