package dev.sluice.simulation.pool;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.ObjLongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One model server in virtual time: its own queue, its batch, its KV cache, its prefix cache.
 *
 * <p>All sequences of a batch generate at the same pace, so what each has generated is the common
 * work {@code W} since it began: one pending event per server, the next end or the moment at which
 * the KV cache is full, and O(log batch) for each. A server without batch slow-down and KV limit
 * knows each end when it begins, and is exact to the nanosecond.
 */
public final class SimulatedServer {
  private static final double NANOS_PER_SECOND = 1e9;
  private static final double ROUNDING = 1e-6;

  /** The part of the KV cache that a new sequence leaves free, so that it is not preempted soon. */
  private static final double WATERMARK = 0.01;

  private final String id;
  private final ServerModel model;
  private final ObjLongConsumer<Runnable> scheduler;
  private final Runnable changed;
  private final ArrayDeque<Sequence> waiting = new ArrayDeque<>();
  private final List<Sequence> running = new ArrayList<>();
  private final PriorityQueue<Sequence> decoding =
      new PriorityQueue<>(
          Comparator.<Sequence>comparingDouble(s -> s.workAtEnd)
              .thenComparingLong(s -> s.admitted));
  private final @Nullable PrefixCache prefixCache;
  private double work;
  private long workAtNanos;

  /** Prompts of all that run, and what those that generate had before the common work began. */
  private double kvBase;

  private long epoch;
  private long admissions;
  private long preemptions;
  private int mostWaiting;
  private boolean down;

  /**
   * An idle server.
   *
   * @param scheduler lets something happen at a time
   * @param changed called before the number of its running sequences changes
   */
  public SimulatedServer(
      String id, ServerModel model, ObjLongConsumer<Runnable> scheduler, Runnable changed) {
    this.id = id;
    this.model = model;
    this.scheduler = scheduler;
    this.changed = changed;
    this.prefixCache =
        model.prefixCacheTokens() == 0 ? null : new PrefixCache(model.prefixCacheTokens());
  }

  /** Its name. */
  public String id() {
    return id;
  }

  /** How it behaves. */
  public ServerModel model() {
    return model;
  }

  /** Sequences in its batch. */
  public int running() {
    return running.size();
  }

  /** Sequences in its own queue. */
  public int waiting() {
    return waiting.size();
  }

  /** The most that waited in its own queue since {@link #forgetMostWaiting}. */
  public int mostWaiting() {
    return mostWaiting;
  }

  /** Begins to look for the longest queue anew. */
  public void forgetMostWaiting() {
    mostWaiting = waiting.size();
  }

  /** How often it preempted a sequence. */
  public long preemptions() {
    return preemptions;
  }

  /** Whether nobody can connect. */
  public boolean isDown() {
    return down;
  }

  /** The used part of its KV cache, 0 to 1; 0 if it has no limit. */
  public double kvUtilization(long nowNanos) {
    advance(nowNanos);
    return model.kvTokens() == 0 ? 0 : Math.min(1, kvUsed() / model.kvTokens());
  }

  /** Lets the requests from elsewhere come, and the outages, for a whole run. */
  public void begin(SplittableRandom random) {
    for (var outage : model.outages()) {
      scheduler.accept(() -> goDown(outage.from().toNanos()), outage.from().toNanos());
      scheduler.accept(() -> down = false, outage.to().toNanos());
    }
    var foreign = model.foreign();
    if (foreign != null) {
      // Not all servers at the same moments.
      next(foreign, random, -random.nextLong((long) (NANOS_PER_SECOND / foreign.perSecond())));
    }
  }

  private void next(Foreign foreign, SplittableRandom random, long nowNanos) {
    var at = nowNanos + Math.max(1, (long) (NANOS_PER_SECOND / foreign.perSecond()));
    scheduler.accept(
        () -> {
          if (!down) {
            submit(
                new Sequence(foreign.input().sample(random), foreign.output().sample(random)), at);
          }
          next(foreign, random, at);
        },
        at);
  }

  /** Takes a request in: it runs at once, or waits. */
  public void submit(Sequence sequence, long nowNanos) {
    waiting.addLast(sequence);
    advance(nowNanos);
    admit(nowNanos);
    plan(nowNanos);
    mostWaiting = Math.max(mostWaiting, waiting.size());
  }

  private void admit(long nowNanos) {
    for (var next = waiting.peekFirst(); next != null; next = waiting.peekFirst()) {
      if (running.size() >= model.slots() || !fits(next)) {
        return;
      }
      waiting.removeFirst();
      begin(next, nowNanos);
    }
  }

  private void begin(Sequence sequence, long nowNanos) {
    changed.run();
    running.add(sequence);
    sequence.running = true;
    var cached = cachedTokens(sequence);
    sequence.admitted = ++admissions;
    kvBase += sequence.inputTokens + sequence.generatedBefore;
    var tokens = sequence.inputTokens - cached + sequence.generatedBefore;
    var prefill = (long) (tokens / model.prefillTokensPerSecond() * NANOS_PER_SECOND);
    var admission = sequence.admitted;
    scheduler.accept(
        () -> {
          if (sequence.running && sequence.admitted == admission) {
            generate(sequence, nowNanos + prefill);
          }
        },
        nowNanos + prefill);
  }

  /** Looks into the prefix cache: what is found the first time is what the answer will tell. */
  private long cachedTokens(Sequence sequence) {
    if (prefixCache == null || sequence.prefixBlocks.isEmpty()) {
      return sequence.cachedTokens();
    }
    var cached = prefixCache.read(sequence.prefixBlocks, sequence.inputTokens);
    if (sequence.admitted == 0) {
      sequence.cachedTokens(cached);
    }
    return cached;
  }

  private boolean fits(Sequence sequence) {
    return model.kvTokens() == 0
        || running.isEmpty()
        || kvUsed() + sequence.inputTokens + sequence.generatedBefore + 1
            <= model.kvTokens() * (1 - WATERMARK);
  }

  private double kvUsed() {
    return kvBase + decoding.size() * work;
  }

  private void generate(Sequence sequence, long nowNanos) {
    if (!sequence.started) {
      sequence.started = true;
      if (sequence.owner != null) {
        sequence.owner.started(nowNanos);
      }
    }
    if (isPlain()) {
      var end = nowNanos + sequence.outputTokens * model.perToken().toNanos();
      scheduler.accept(
          () -> {
            if (sequence.running) {
              finish(sequence, end);
              admit(end);
            }
          },
          end);
      return;
    }
    advance(nowNanos);
    sequence.decoding = true;
    sequence.workAtStart = work;
    sequence.workAtEnd = work + sequence.outputTokens - sequence.generatedBefore;
    kvBase -= work;
    decoding.add(sequence);
    plan(nowNanos);
  }

  private boolean isPlain() {
    return model.kvTokens() == 0 && model.perSequence().isZero();
  }

  /** Brings the common work up to date. */
  private void advance(long nowNanos) {
    if (!decoding.isEmpty()) {
      work += (nowNanos - workAtNanos) / nanosPerToken();
    }
    workAtNanos = nowNanos;
  }

  private double nanosPerToken() {
    return Math.max(
        1.0,
        (double) model.perToken().toNanos()
            + (double) model.perSequence().toNanos() * running.size());
  }

  /** Schedules the next end, or the moment at which the KV cache is full. */
  private void plan(long nowNanos) {
    var first = decoding.peek();
    if (first == null) {
      return;
    }
    var target = first.workAtEnd;
    if (model.kvTokens() > 0 && running.size() > 1) {
      target = Math.min(target, (model.kvTokens() - kvBase) / decoding.size());
    }
    var mine = ++epoch;
    var at = nowNanos + Math.max(0, (long) Math.ceil((target - work) * nanosPerToken()));
    scheduler.accept(
        () -> {
          if (mine == epoch) {
            advance(at);
            finishDue(at);
            preempt();
            admit(at);
            plan(at);
          }
        },
        at);
  }

  private void finishDue(long nowNanos) {
    for (var first = decoding.peek();
        first != null && first.workAtEnd <= work + ROUNDING;
        first = decoding.peek()) {
      finish(first, nowNanos);
    }
  }

  private void preempt() {
    while (model.kvTokens() > 0 && running.size() > 1 && kvUsed() >= model.kvTokens() - ROUNDING) {
      Sequence newest = null;
      for (var sequence : running) {
        if (newest == null || sequence.admitted > newest.admitted) {
          newest = sequence;
        }
      }
      if (newest == null) {
        return;
      }
      if (newest.decoding) {
        newest.generatedBefore += work - newest.workAtStart;
      }
      leave(newest);
      preemptions++;
      waiting.addFirst(newest);
    }
  }

  private void finish(Sequence sequence, long nowNanos) {
    leave(sequence);
    sequence.over = true;
    if (sequence.owner != null) {
      sequence.owner.finished(nowNanos);
    }
  }

  /** Takes a sequence out of the batch, with its part of the KV cache. */
  private void leave(Sequence sequence) {
    changed.run();
    running.remove(sequence);
    sequence.running = false;
    if (sequence.decoding) {
      decoding.remove(sequence);
      kvBase += sequence.workAtStart;
      sequence.decoding = false;
      kvBase -= sequence.inputTokens + generatedAtAdmission(sequence);
    } else {
      kvBase -= sequence.inputTokens + sequence.generatedBefore;
    }
  }

  /** What it had generated when it was admitted last: a preemption has added to it since. */
  private double generatedAtAdmission(Sequence sequence) {
    return sequence.workAtStart + sequence.outputTokens - sequence.workAtEnd;
  }

  private void goDown(long nowNanos) {
    down = true;
    epoch++;
    if (prefixCache != null) {
      prefixCache.clear();
    }
    var failed = new ArrayList<>(running);
    failed.addAll(waiting);
    waiting.clear();
    for (var sequence : List.copyOf(running)) {
      leave(sequence);
    }
    for (var sequence : failed) {
      sequence.over = true;
      if (sequence.owner != null) {
        sequence.owner.failed(nowNanos);
      }
    }
  }
}
