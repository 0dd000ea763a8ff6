package dev.sluice.flowcontrol.plugins.detectors;

import dev.sluice.flowcontrol.structures.Ranges;

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
 *   > 0      below peak   prompts are read   two such sights in a row are remembered a while; if few
 *                                            wait and the limit binds, it grows by one a second
 *   > 0      at the peak  full               if a request ended since it was first seen and the
 *                                            limit binds: the limit is the peak
 *
 * Without an end between two sights, a cut would have no effect, and nothing would prove that the
 * number running cannot rise. A try to grow makes one request wait in the endpoint. So each cut
 * multiplies the time until the next try: 2 s, 16 s, then a minute, or up to a quarter of an hour on
 * a small endpoint.
 *
 * If prompts are what the endpoint is short of, requests must wait in it to keep it busy. The peak
 * exceeds the mean by about as many as are needed; if it is large, the limit is one more.
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

  /** No start is larger: a server of few places needs as long to serve a flood as the flood is. */
  private static final int LARGEST_START = 8;

  /** The peak is the most that ran in the last one to two of these. */
  private static final long WINDOW = 5 * SECOND;

  /** The time to the next try to grow after the first cut; each further cut multiplies it. */
  private static final long FIRST_PAUSE = 2 * SECOND;

  private static final int LONGER = 8;

  /** A try delays a larger part of the requests of an endpoint that serves less than this. */
  private static final int SMALL = 32;

  /** Of an endpoint that is not small. */
  private static final long LONGEST_PAUSE = 64 * SECOND;

  /** From this limit on, first tokens are looked at no more often than samples. */
  private static final int OFTEN = 64;

  private static final long PAUSE_OF_PROMPTS = SECOND;

  /** From so many on, one in a sixteenth of them is on its way at any time. */
  private static final int MANY = 16;

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

  /** What ran when the limit grew last, if nothing has waited since. Gauges may lag behind it. */
  private long placedAtLastStep = -1;

  private int besideFreePlaces;
  private boolean readsPrompts;
  private long readsPromptsUntilNanos;

  /**
   * The number running when the endpoint looked full, 0 if it does not, and the ends until then.
   */
  private long fullAt;

  private long endedWhenFull;
  private boolean isDraining;
  private long pauseNanos = FIRST_PAUSE;
  private long growsFromNanos;

  LearnedLimit(Ledger.Parameters parameters) {
    isFixed = parameters.fixedLimit() > 0;
    least = parameters.minLimit();
    var start = Math.max(least, Math.min(LARGEST_START, parameters.startLimit()));
    value = isFixed ? parameters.fixedLimit() + parameters.headroom() : start;
    step = value;
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
      value = Ranges.clamp(other.value, least, most);
      step = Math.min(other.step, value);
    }
  }

  /** Whether a sample of this time is a step, or too early. */
  boolean isDue(long atNanos) {
    return isDue(atNanos, intervalNanos);
  }

  /**
   * Whether a first token of this time is a step. It tells of the last step sooner than a sample
   * does, and a small endpoint has few of them.
   */
  boolean isDueForAnswers(long atNanos) {
    return isDue(atNanos, intervalNanos * Math.min(OFTEN, value) / OFTEN);
  }

  /** Begins to learn, without a sight of the endpoint. */
  void begin(long atNanos) {
    if (!isFixed && !hasSample) {
      seen(atNanos, 0, 0, 0, 0, 0, 0, 0);
    }
  }

  private boolean isDue(long atNanos, long interval) {
    return !isFixed && (!hasSample || atNanos - steppedAtNanos >= interval);
  }

  /**
   * Learns from a sight of the endpoint that is due. The first one shows from where preemptions
   * count.
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
        waits(atNanos, running, waiting, inFlight, ended);
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
    placedAtLastStep = -1;
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
    var showsLastStep = placed != placedAtLastStep;
    if (showsLastStep && binds(inFlight) && binds(placed) && atNanos - growsFromNanos >= 0) {
      placedAtLastStep = placed;
      pauseNanos = step > 1 ? FIRST_PAUSE : pauseNanos; // the step before was right
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

  private void waits(long atNanos, long running, long waiting, long inFlight, long ended) {
    step = 1;
    placedAtLastStep = -1;
    if (running < almost(peak())) {
      fullAt = 0;
      if (++besideFreePlaces >= SURE) {
        readsPrompts(atNanos, running, waiting, inFlight);
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

  /** Prompts are read. If hardly any request waits for that, one more may come. */
  private void readsPrompts(long atNanos, long running, long waiting, long inFlight) {
    readsPrompts = true;
    readsPromptsUntilNanos = atNanos + 2 * WINDOW;
    var isBinding = binds(inFlight) && binds(running + waiting);
    if (isBinding && 4 * waiting * waiting <= peak() && atNanos - growsFromNanos >= 0) {
      value = (int) Math.min(most, value + Math.max(1L, value / 16));
      growsFromNanos = atNanos + PAUSE_OF_PROMPTS;
    }
  }

  private void cut(long atNanos) {
    readsPrompts &= atNanos - readsPromptsUntilNanos < 0;
    var full = peak() + (readsPrompts && peak() >= MANY ? 1 : 0);
    var target = Math.max(least, full);
    if (target < value) {
      value = (int) target;
      growsFromNanos = atNanos + (readsPrompts ? PAUSE_OF_PROMPTS : pauseNanos);
      var longest = Ranges.clamp(LONGEST_PAUSE * SMALL / value, LONGEST_PAUSE, 15 * LONGEST_PAUSE);
      pauseNanos = readsPrompts ? FIRST_PAUSE : Math.min(longest, LONGER * pauseNanos);
    }
  }
}
