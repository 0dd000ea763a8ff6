package dev.sluice.flowcontrol.plugins.detectors;

import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.structures.Ring;

/**
 * The ledger of one endpoint: the requests that run on it, its last sample, and the room that is
 * left.
 *
 * <p>A request counts from {@code Permit.bind} until it is bound elsewhere or its permit is
 * returned. A pool that chooses endpoints, such as that of the gateway, keeps a second count, of
 * the places that it has given to requests. That count must rise in the same step as the choice,
 * which is before the permit is bound, so it cannot be this one. The two differ only for requests
 * that are between two endpoints or between the choice and the binding, for permits that were
 * reclaimed, and for an endpoint that left the pool and came back while requests ran on it: this
 * ledger goes on, the pool's count starts at 0.
 *
 * <p>If a time is known as a range only, the end of the range is taken at which the sample saw the
 * request: a request arrives at the earliest and leaves at the latest. So foreign load is never
 * overestimated, and is 0 without foreign traffic, whenever samples are taken. Samples' times never
 * go back. Not thread-safe.
 *
 * <p>This class is long because samples, answers and the ends of requests change the same counts.
 */
final class EndpointLedger {
  /*
   * I1  own == requests bound here; ownKv == their tokens
   * I2  unseen holds those of them that came later than sample - visibilityDelay, all without a
   *     sample; unseenKv == their tokens
   * I3  left holds, in order, those that left after the sample, at most staleAfter ago: no older
   *     sample will be believed; leftKv == the tokens of those of them that its KV cache held
   */

  /** Whole parts of a request. */
  static final long PARTS = 1L << 20;

  /** A request that runs here, or that left after the sample. */
  static class Entry extends Ring.Link {
    final long kvTokens;
    final long promptTokens;
    long sinceNanos;
    long leftNanos;
    boolean hasBegun;

    Entry(long kvTokens, long promptTokens, long sinceNanos) {
      this.kvTokens = kvTokens;
      this.promptTokens = promptTokens;
      this.sinceNanos = sinceNanos;
    }
  }

  private enum Belief {
    NEVER_SAMPLED,
    SAMPLED,
    STALE
  }

  private static final double NANOS_PER_SECOND = 1e9;

  /** The time over which the usual foreign load is averaged. */
  private static final double USUAL_SECONDS = 30;

  private final Ledger.Parameters parameters;
  private final long staleAfterNanos;
  private final long visibilityNanos;
  private final Ring<Entry> unseen = new Ring<>();
  private final Ring<Entry> left = new Ring<>();
  private final Answers answers = new Answers();
  private final Throughput throughput;
  private LearnedLimit limit;

  private Belief belief = Belief.NEVER_SAMPLED;
  private long sampledAtNanos;
  private long requestsInSample;
  private double kvUtilization;
  private long kvCapacityTokens;

  /** The usual foreign load before this sample, and the weight of this sample in it. */
  private double usualBefore;

  private double usualWeight;

  private long own;
  private long ownKv;
  private long unseenKv;
  private long leftKv;
  private long ownAtSample;
  private long ended;
  private boolean isToLook;

  EndpointLedger(Ledger.Parameters parameters) {
    this.parameters = parameters;
    staleAfterNanos = parameters.staleAfter().toNanos();
    visibilityNanos = parameters.visibilityDelay().toNanos();
    limit = new LearnedLimit(parameters);
    throughput = new Throughput(parameters);
  }

  /** Begins with the limit that another ledger of this endpoint has learned. */
  void succeed(EndpointLedger previous) {
    limit.startFrom(previous.limit);
    answers.startFrom(previous.answers);
    throughput.startFrom(previous.throughput);
  }

  boolean isIdle() {
    return own == 0;
  }

  /**
   * A request is bound here. O(1).
   *
   * @param wasHere whether it was here since {@code sinceNanos} although this gate is newer
   */
  void arrive(Entry entry, boolean wasHere) {
    own++;
    ownKv += entry.kvTokens;
    var isSampled = belief != Belief.NEVER_SAMPLED;
    var lateness = entry.sinceNanos - sampledAtNanos;
    if (!isSampled || lateness > -visibilityNanos) {
      unseen.addLast(entry);
      unseenKv += entry.kvTokens;
    }
    if (wasHere && isSampled && lateness <= 0) {
      ownAtSample++;
    }
    if (wasHere) {
      answers.wasHere(entry);
    }
  }

  /**
   * A request ended or moved. Returns whether the caller has to set the time of that, which it
   * learns later, in {@code leftNanos}. O(1), amortised.
   *
   * @param wasServed whether the request ended here and had an answer
   */
  boolean leave(Entry entry, boolean wasServed, long nowNanos) {
    answers.left(entry, wasServed);
    if (wasServed && isSilent()) {
      throughput.ended(own, nowNanos);
    }
    own--;
    ended++;
    ownKv -= entry.kvTokens;
    var wasUnseen = unseen.remove(entry);
    if (wasUnseen) {
      unseenKv -= entry.kvTokens;
    }
    if (belief == Belief.NEVER_SAMPLED) {
      return false;
    }
    leftKv += wasUnseen ? 0 : entry.kvTokens;
    entry.leftNanos = nowNanos;
    left.addLast(entry);
    for (var old = left.first();
        old != null && nowNanos - old.leftNanos > staleAfterNanos;
        old = left.first()) {
      left.remove(old);
    }
    return true;
  }

  /**
   * The answer to a request here has begun or gone on. If no samples come, the limit is learned
   * from that. O(1), but O(requests here) once each {@code learningInterval}, and more often if
   * they are few.
   *
   * @return whether the limit has changed
   */
  boolean progressed(Entry entry, long nowNanos) {
    if (entry.hasBegun) {
      return false;
    }
    answers.begun(entry, nowNanos);
    if (belief != Belief.NEVER_SAMPLED) {
      return false;
    }
    limit.begin(nowNanos);
    isToLook = true;
    return look(nowNanos);
  }

  /**
   * Looks at the answers if one has begun since the last look. A look that comes too early is left
   * for later; so is one at a moment at which the limit does not bind, since a place may be free
   * because a request has just ended.
   *
   * @return whether the limit has changed
   */
  boolean look(long nowNanos) {
    if (!isToLook || own < limit.given() || !limit.isDueForAnswers(nowNanos)) {
      return false;
    }
    isToLook = false;
    var before = limit.given();
    answers.look(unseen, own, ended, nowNanos, limit);
    return limit.given() != before;
  }

  /** Whether a look at the answers was left for later. */
  boolean isToLook() {
    return isToLook;
  }

  /** Takes over the endpoint's state. O(requests that came or left since the last sample). */
  void stateChanged(EndpointState state, long nowNanos) {
    kvCapacityTokens = Math.max(0, state.kvCapacityTokens());
    if (state.sampledAtNanos() == EndpointState.NEVER_SAMPLED) {
      if (belief != Belief.NEVER_SAMPLED) {
        forgetSample();
        limit = new LearnedLimit(parameters);
      }
      return;
    }
    kvUtilization = state.kvUtilization();
    var isNew = belief == Belief.NEVER_SAMPLED || state.sampledAtNanos() != sampledAtNanos;
    if (isNew) {
      isToLook = false;
      average(belief == Belief.NEVER_SAMPLED, state.sampledAtNanos() - sampledAtNanos);
      belief = Belief.SAMPLED;
      sampledAtNanos = state.sampledAtNanos();
      sortBySample();
    }
    requestsInSample = (long) state.runningRequests() + state.waitingRequests();
    age(nowNanos);
    if (isNew && belief == Belief.SAMPLED && limit.isDue(sampledAtNanos)) {
      limit.seen(
          sampledAtNanos,
          state.runningRequests(),
          state.runningRequests(),
          state.waitingRequests(),
          state.kvUtilization(),
          state.preemptions(),
          own + foreign(),
          ended);
    }
  }

  /** The endpoint left the pool. Its requests go on. */
  void vanished() {
    forgetSample();
  }

  /** Notes whether the sample has grown stale. */
  void age(long nowNanos) {
    if (belief == Belief.SAMPLED && nowNanos - sampledAtNanos >= staleAfterNanos) {
      belief = Belief.STALE;
    }
  }

  /** Whether there is a sample that is not stale. */
  boolean isSampled() {
    return belief == Belief.SAMPLED;
  }

  /** The time at which the sample grows stale. Only if {@link #isSampled}. */
  long staleAtNanos() {
    return sampledAtNanos + staleAfterNanos;
  }

  /** The requests of all senders that the endpoint is given at once; at least 1. */
  long given() {
    return switch (belief) {
      case NEVER_SAMPLED -> isSilent() ? throughput.given() : limit.given();
      case SAMPLED -> limit.given();
      case STALE -> Math.max(1, (long) (limit.given() * parameters.staleFactor()));
    };
  }

  /** Whether the limit has to be learned without samples and without first tokens. */
  private boolean isSilent() {
    return belief == Belief.NEVER_SAMPLED && parameters.fixedLimit() == 0 && !answers.areVisible();
  }

  /**
   * Requests of other senders on the endpoint: those of the sample. If the sample is stale, the
   * usual number, but at most half of what the endpoint is given, so that the endpoint is never
   * given up.
   */
  long foreign() {
    return switch (belief) {
      case NEVER_SAMPLED -> 0;
      case SAMPLED -> foreignInSample();
      case STALE -> Math.min(given() / 2, Math.round(usualForeign()));
    };
  }

  private long foreignInSample() {
    return Math.max(0, requestsInSample - ownAtSample);
  }

  private double usualForeign() {
    return usualBefore + (foreignInSample() - usualBefore) * usualWeight;
  }

  /** Averages the foreign load, for a sample that comes so long after the last one. */
  private void average(boolean isFirst, long gapNanos) {
    usualBefore = isFirst ? 0 : usualForeign();
    var seconds = gapNanos / NANOS_PER_SECOND;
    usualWeight = isFirst ? 1 : seconds / (seconds + USUAL_SECONDS);
  }

  /** The requests for which the limit leaves room; negative if there are too many. */
  long freeRequests() {
    return given() - own - foreign();
  }

  /** The tokens at which the KV cache counts as full; 0 if unknown. */
  double kvLimit() {
    return parameters.kvLimit() * kvCapacityTokens;
  }

  /** The tokens that the KV cache should hold by now; NaN if the sample's utilization is NaN. */
  double kvUsed() {
    return isSampled()
        ? Math.max(0.0, kvUtilization * kvCapacityTokens - leftKv) + unseenKv
        : ownKv;
  }

  /** The free part of the KV cache; NaN if the sample's utilization is NaN. */
  double freeKvPart() {
    if (kvCapacityTokens > 0) {
      return 1.0 - kvUsed() / kvLimit();
    }
    return isSampled() ? 1.0 - kvUtilization / parameters.kvLimit() : 1.0;
  }

  /** The free part of the endpoint, 1 - ratio. There is no room if it is 0, negative or NaN. */
  double freePart() {
    return Math.min(freeRequests() / (double) given(), freeKvPart());
  }

  /** Finds the requests that the new sample has seen, among those here and those that left. */
  private void sortBySample() {
    var later = 0;
    for (var entry = unseen.first(); entry != null; ) {
      var following = unseen.after(entry);
      var lateness = entry.sinceNanos - sampledAtNanos;
      if (lateness <= -visibilityNanos) {
        unseen.remove(entry);
        unseenKv -= entry.kvTokens;
      } else if (lateness > 0) {
        later++;
      }
      entry = following;
    }
    ownAtSample = own - later;
    leftKv = 0;
    for (var entry = left.first(); entry != null; ) {
      var following = left.after(entry);
      var lateness = entry.sinceNanos - sampledAtNanos;
      if (entry.leftNanos - sampledAtNanos <= 0) {
        left.remove(entry);
      } else if (lateness <= 0) {
        ownAtSample++;
        leftKv += lateness <= -visibilityNanos ? entry.kvTokens : 0;
      }
      entry = following;
    }
  }

  private void forgetSample() {
    belief = Belief.NEVER_SAMPLED;
    for (var entry = left.first(); entry != null; entry = left.first()) {
      left.remove(entry);
    }
    leftKv = 0;
  }

  /** The requests that left and are remembered. For tests. O(their number). */
  int remembered() {
    var count = 0;
    for (var entry = left.first(); entry != null; entry = left.after(entry)) {
      count++;
    }
    return count;
  }
}
