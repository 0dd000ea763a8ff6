package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Usage;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The decisions of the core, for the shell to carry out after the lock is released: outcomes to
 * deliver and events for observers, in the order in which they were made. Effects may come from
 * several rounds, so each has a number and a time of its own. The object is used again and again;
 * one thread owns it at a time.
 *
 * <p>Each kind of effect has a subject and a detail of known types. An accessor throws {@link
 * IllegalStateException} if the effect is of another kind.
 */
public final class Effects {

  /**
   * The number of effects at which the core stops for this hold of the lock, so that a mass expiry
   * stalls no caller. A single decision may exceed it by a few.
   */
  public static final int LIMIT = 256;

  /** The kind of an effect. The subject is a request unless noted otherwise. */
  public enum Kind {
    /** The request was queued. */
    QUEUED,
    /** The request got a permit from its queue. */
    DISPATCHED,
    /** The request got a permit on arrival. */
    DISPATCHED_AT_ONCE,
    /** The request got a permit from its queue in a turn that is reserved for its band. */
    DISPATCHED_RESERVED,
    /** The request was refused. Detail: {@link Admission.Rejected}. */
    REJECTED,
    /** The request left its queue without a permit. Detail: {@link Admission.Evicted}. */
    EVICTED,
    /** The request's permit came back. Detail: {@link Usage}. */
    RETURNED,
    /** The request's permit was not returned in time. Detail: {@link Usage}. */
    RECLAIMED,
    /** The pool changed. No subject. Detail: its saturation, a {@link Double}. */
    POOL_CHANGED,
    /** A configuration took effect. No subject. */
    RECONFIGURED,
    /** An idle flow was forgotten. Subject: its {@link FlowKey}. */
    FLOW_COLLECTED,
    /** A plugin failed. Subject: its type's name. Detail: a {@link Throwable}. */
    FAULT
  }

  private static final Kind[] KINDS = Kind.values();

  /** Rows of time, number and kind. Primitive: a reference would cost a write barrier each. */
  private long[] numbers = new long[3 * 8];

  /** Rows of subject and detail. */
  private @Nullable Object[] objects = new Object[2 * 8];

  private int size;
  private long nextSequence;
  private long nowNanos;
  private boolean unfinished;
  private boolean drained;
  private long nextTimerNanos;

  /** An empty list of effects. */
  public Effects() {}

  /** Effects from now on are decided at this time, and numbered from {@code sequence}. */
  void begin(long now, long sequence) {
    nowNanos = now;
    nextSequence = sequence;
  }

  /** Effects from now on are decided at this time. */
  void advanceTo(long now) {
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

  /** Whether the core should give up the lock before it decides more. */
  public boolean isFull() {
    return size >= LIMIT;
  }

  /**
   * Whether half of the effects are used. Events of time stop here and leave the other half to
   * operations and dispatches.
   */
  boolean isHalfFull() {
    return size >= LIMIT / 2;
  }

  /** Number of effects. */
  public int size() {
    return size;
  }

  /** The kind of the effect. */
  public Kind kind(int index) {
    return KINDS[(int) numbers[3 * index + 2]];
  }

  /** The time of the decision. */
  public long nanos(int index) {
    return numbers[3 * index];
  }

  /** The number of the effect: from 1, in the order of the decisions, without gaps. */
  public long sequence(int index) {
    return numbers[3 * index + 1];
  }

  /** Whether the effect is about this request. */
  public boolean isAbout(int index, PendingRequest request) {
    return objects[2 * index] == request;
  }

  /** The request that the effect is about. */
  public PendingRequest request(int index) {
    return as(PendingRequest.class, objects[2 * index], index);
  }

  /** The refusal or eviction that the effect delivers. */
  public Admission admission(int index) {
    return as(Admission.class, objects[2 * index + 1], index);
  }

  /** The refusal that the effect delivers. */
  public Admission.Rejected rejection(int index) {
    return as(Admission.Rejected.class, objects[2 * index + 1], index);
  }

  /** The eviction that the effect delivers. */
  public Admission.Evicted eviction(int index) {
    return as(Admission.Evicted.class, objects[2 * index + 1], index);
  }

  /** The use of the request whose permit came back. */
  public Usage usage(int index) {
    return as(Usage.class, objects[2 * index + 1], index);
  }

  /** The pool's saturation after the change. */
  public double saturation(int index) {
    return as(Double.class, objects[2 * index + 1], index);
  }

  /** The flow that was forgotten. */
  public FlowKey flow(int index) {
    return as(FlowKey.class, objects[2 * index], index);
  }

  /** The type's name of the plugin that failed. */
  public String plugin(int index) {
    return as(String.class, objects[2 * index], index);
  }

  /** The exception of the plugin that failed. */
  public Throwable cause(int index) {
    return as(Throwable.class, objects[2 * index + 1], index);
  }

  private <T> T as(Class<T> type, @Nullable Object value, int index) {
    if (!type.isInstance(value)) {
      throw new IllegalStateException(kind(index) + " has no " + type.getSimpleName());
    }
    return type.cast(value);
  }

  /** Whether the core stopped early and has to be called again. */
  public boolean isUnfinished() {
    return unfinished;
  }

  /** Notes that the core has nothing left to do after a shutdown. */
  void reportDrained() {
    drained = true;
  }

  /** Whether the core has nothing left to do after a shutdown; reported once. */
  public boolean isDrained() {
    return drained;
  }

  /**
   * The time at which the core has to be called again at the latest; {@link Long#MAX_VALUE} if
   * never.
   */
  public long nextTimerNanos() {
    return nextTimerNanos;
  }

  void end(boolean stoppedEarly, long nextTimer) {
    unfinished = stoppedEarly;
    nextTimerNanos = nextTimer;
  }

  /** Forgets all effects, to be used again. */
  public void clear() {
    Arrays.fill(objects, 0, 2 * size, null);
    size = 0;
    drained = false;
    if (objects.length > 4 * LIMIT) {
      numbers = new long[3 * LIMIT];
      objects = new Object[2 * LIMIT];
    }
  }
}
