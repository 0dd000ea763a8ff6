package dev.sluice.flowcontrol.controller;

import dev.sluice.flowcontrol.types.Admission;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What the core decided, for the shell to carry out after the lock is released: outcomes to deliver
 * and events for observers, in the order of the decisions. They may come from several holds of the
 * lock, so each has a number and a time of its own. Reused; owned by one thread at a time.
 */
final class Effects {

  /**
   * About so many effects are made in one hold of the lock, so that a mass expiry stalls nobody.
   */
  static final int LIMIT = 256;

  enum Kind {
    QUEUED,
    DISPATCHED,
    DISPATCHED_AT_ONCE,
    DISPATCHED_RESERVED,
    REJECTED,
    EVICTED,
    RETURNED,
    RECLAIMED,
    POOL_CHANGED,
    RECONFIGURED,
    FLOW_COLLECTED,
    FAULT
  }

  private static final Kind[] KINDS = Kind.values();

  /** Of each effect its time, its number and its kind: no reference, for these run a barrier. */
  private long[] numbers = new long[3 * 8];

  /** Of each effect its subject and its detail. */
  private @Nullable Object[] objects = new Object[2 * 8];

  private int size;
  private long nextSequence;
  private long nowNanos;
  private boolean unfinished;
  private boolean drained;
  private long nextTimerNanos;
  private boolean timed;
  private boolean beingTimed;
  private long lockedAtNanos;
  private long decidedAtNanos;
  private @Nullable PendingRequest timedOffer;
  private long timedOfferSinceNanos;

  /** Effects from now on are decided at this time, and numbered from {@code sequence}. */
  void begin(long now, long sequence) {
    nowNanos = now;
    nextSequence = sequence;
  }

  /** Time has gone on while effects are decided. */
  void nowNanos(long now) {
    nowNanos = now;
  }

  /** The number of the next effect. */
  long nextSequence() {
    return nextSequence;
  }

  @SuppressWarnings("EnumOrdinal") // it never leaves this object
  void add(Kind kind, @Nullable Object subject, @Nullable Object detail) {
    if (2 * size == objects.length) {
      numbers = Arrays.copyOf(numbers, 2 * numbers.length);
      objects = Arrays.copyOf(objects, 2 * objects.length);
    }
    numbers[3 * size] = nowNanos;
    numbers[3 * size + 1] = nextSequence++;
    numbers[3 * size + 2] = kind.ordinal();
    objects[2 * size] = subject;
    objects[2 * size + 1] = detail;
    size++;
  }

  /** The core should let others have the lock before it decides more. */
  boolean isFull() {
    return size >= LIMIT;
  }

  /** What time brings about leaves the other half to operations and dispatches. */
  boolean isHalfFull() {
    return size >= LIMIT / 2;
  }

  int size() {
    return size;
  }

  Kind kind(int index) {
    return KINDS[(int) numbers[3 * index + 2]];
  }

  /** The request that the effect is about. */
  PendingRequest request(int index) {
    if (objects[2 * index] instanceof PendingRequest request) {
      return request;
    }
    throw new IllegalStateException(kind(index) + " is about no request");
  }

  @Nullable Object subject(int index) {
    return objects[2 * index];
  }

  @Nullable Object detail(int index) {
    return objects[2 * index + 1];
  }

  /** The refusal or eviction that the effect delivers. */
  Admission admission(int index) {
    if (objects[2 * index + 1] instanceof Admission admission) {
      return admission;
    }
    throw new IllegalStateException(kind(index) + " delivers nothing");
  }

  long sequence(int index) {
    return numbers[3 * index + 1];
  }

  /** When it was decided. */
  long nanos(int index) {
    return numbers[3 * index];
  }

  /** Whether the core stopped early and wants to be called again. */
  boolean isUnfinished() {
    return unfinished;
  }

  /** The core has nothing left to do after a shutdown; said once. */
  void drained() {
    drained = true;
  }

  boolean isDrained() {
    return drained;
  }

  /** When the core wants to be called again at the latest; {@link Long#MAX_VALUE} if never. */
  long nextTimerNanos() {
    return nextTimerNanos;
  }

  void end(boolean stoppedEarly, long nextTimer) {
    unfinished = stoppedEarly;
    nextTimerNanos = nextTimer;
  }

  /** Times the present hold of the lock, from now. */
  void startTiming(long nanos) {
    timed = true;
    beingTimed = true;
    lockedAtNanos = nanos;
  }

  /** An operation is about to be applied; the last offer in a timed hold is timed, too. */
  void applying(Operation operation, long sinceNanos) {
    if (beingTimed && operation instanceof PendingRequest offer) {
      timedOffer = offer;
      timedOfferSinceNanos = sinceNanos;
    }
  }

  /** Ends the timing: all is decided. */
  void stopTiming(long nanos) {
    beingTimed = false;
    decidedAtNanos = nanos;
  }

  boolean isBeingTimed() {
    return beingTimed;
  }

  /** Whether one of the holds of the lock was timed. */
  boolean isTimed() {
    return timed;
  }

  long lockedAtNanos() {
    return lockedAtNanos;
  }

  long decidedAtNanos() {
    return decidedAtNanos;
  }

  /** The offer that was timed, if any. */
  @Nullable PendingRequest timedOffer() {
    return timedOffer;
  }

  /** When it was made. */
  long timedOfferSinceNanos() {
    return timedOfferSinceNanos;
  }

  void clear() {
    timed = false;
    timedOffer = null;
    Arrays.fill(objects, 0, 2 * size, null);
    size = 0;
    drained = false;
    if (objects.length > 4 * LIMIT) {
      numbers = new long[3 * LIMIT];
      objects = new Object[2 * LIMIT];
    }
  }
}
