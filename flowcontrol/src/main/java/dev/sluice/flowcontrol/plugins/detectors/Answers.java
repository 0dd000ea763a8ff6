package dev.sluice.flowcontrol.plugins.detectors;

import dev.sluice.flowcontrol.plugins.detectors.EndpointLedger.Entry;
import dev.sluice.flowcontrol.structures.Ring;
import org.jspecify.annotations.Nullable;

/**
 * What an endpoint without metrics shows by its answers. A request runs from its first token on. It
 * waits in the endpoint if its first token takes clearly longer than reading its prompt does.
 *
 * <p>How long that is, is learned for each prompt token from the fastest answers: the estimate
 * moves towards a faster one at once and to slower ones over a minute. A fixed number of tokens is
 * added to each prompt, for what every request costs.
 *
 * <p>If most answers show no first token before their end, since they are not streamed or since
 * nobody reports progress, then nothing is known of what waits. Not thread-safe.
 */
final class Answers {
  private static final double NANOS_PER_SECOND = 1e9;
  private static final long EXTRA_TOKENS = 64;
  private static final double TOWARDS_FASTER = 0.3;
  private static final double FORGETTING_SECONDS = 60;

  /** A first token is late after this multiple of the usual time, and some milliseconds. */
  private static final double LATE = 1.5;

  private static final double LATE_NANOS = 10e6;

  /** The weight of an answer in the share of answers that show when they begin. */
  private static final double WEIGHT = 0.1;

  private double nanosPerToken = Double.POSITIVE_INFINITY;
  private long pacedAtNanos;
  private long begun;
  private double visibleShare = 1.0;

  private int lateSinceLook;

  /** The limit that was reached, and since when no first token was late with it. */
  private long reached;

  private long onTimeSinceNanos;

  /** The first token of a request came. */
  void begun(Entry entry, long nowNanos) {
    entry.hasBegun = true;
    begun++;
    if (isLate(entry, nowNanos)) {
      lateSinceLook++;
      onTimeSinceNanos = nowNanos;
    }
    var pace = (double) (nowNanos - entry.sinceNanos) / (entry.promptTokens + EXTRA_TOKENS);
    if (pace < nanosPerToken) {
      var isFirst = Double.isInfinite(nanosPerToken);
      nanosPerToken = isFirst ? pace : nanosPerToken + TOWARDS_FASTER * (pace - nanosPerToken);
    } else {
      var seconds = (nowNanos - pacedAtNanos) / NANOS_PER_SECOND;
      nanosPerToken = Math.min(pace, nanosPerToken * (1 + seconds / FORGETTING_SECONDS));
    }
    pacedAtNanos = nowNanos;
  }

  /** Begins with the pace that the answers of the same endpoint had in another gate. */
  void startFrom(Answers other) {
    nanosPerToken = other.nanosPerToken;
    pacedAtNanos = other.pacedAtNanos;
    visibleShare = other.visibleShare;
  }

  /** A request was sent before this gate was made. It is taken to run, and teaches nothing. */
  void wasHere(Entry entry) {
    entry.hasBegun = true;
    begun++;
  }

  /** Whether most answers show when they begin. */
  boolean areVisible() {
    return visibleShare >= 0.5;
  }

  /** A request ended or moved. {@code wasServed} tells that it had an answer. */
  void left(Entry entry, boolean wasServed) {
    begun -= entry.hasBegun ? 1 : 0;
    if (wasServed) {
      visibleShare += WEIGHT * ((entry.hasBegun ? 1 : 0) - visibleShare);
    }
  }

  /**
   * Shows the endpoint to its limit, when a first token has come: at other times a place may be
   * free because a request has ended and the next one is on its way.
   *
   * @param requests the requests there, in the order of their arrival
   */
  void look(Ring<Entry> requests, long own, long ended, long nowNanos, LearnedLimit limit) {
    if (Double.isInfinite(nanosPerToken) || !areVisible()) {
      return;
    }
    var waiting = lateSinceLook;
    lateSinceLook = 0;
    @Nullable Entry oldest = null;
    for (var entry = requests.first(); entry != null; entry = requests.after(entry)) {
      if (!entry.hasBegun) {
        oldest = oldest == null ? entry : oldest;
        waiting += isLate(entry, nowNanos) ? 1 : 0;
      }
    }
    if (limit.given() != reached && own >= limit.given()) {
      reached = limit.given();
      onTimeSinceNanos = nowNanos;
    }
    // Each request that was there when the limit was reached has begun, none of them late.
    var isPlaced =
        reached == limit.given() && (oldest == null || oldest.sinceNanos - onTimeSinceNanos > 0);
    limit.seen(nowNanos, begun, isPlaced ? own : 0, waiting, 0, 0, own, ended);
  }

  private boolean isLate(Entry entry, long nowNanos) {
    var usual = nanosPerToken * (entry.promptTokens + EXTRA_TOKENS);
    return nowNanos - entry.sinceNanos > LATE * usual + LATE_NANOS;
  }
}
