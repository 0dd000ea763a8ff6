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
 * One model server in virtual time, with a queue, a batch, a KV cache and a prefix cache.
 *
 * <p>All sequences of a batch generate at the same pace. So the common work {@code W}, the tokens
 * that a sequence would have generated since the server's start, is enough to know the tokens of
 * each. A server has one pending event, the next end or the moment at which the KV cache is full;
 * an event is O(log batch). Without batch slow-down and KV limit, the end of a sequence is known
 * when the sequence begins, and is exact to the nanosecond.
 *
 * <p>This class is long because queue, batch and caches change together in each event.
 */
public final class SimulatedServer {
  private static final double NANOS_PER_SECOND = 1e9;
  private static final double ROUNDING = 1e-6;

  /**
   * The part of the KV cache that must stay free when a sequence begins: else it is preempted soon.
   */
  private static final double WATERMARK = 0.01;

  private final String id;
  private final ServerModel model;
  private final ObjLongConsumer<Runnable> scheduler;
  private final Runnable changing;
  private final ArrayDeque<Sequence> waiting = new ArrayDeque<>();
  private final List<Sequence> running = new ArrayList<>();
  private final PriorityQueue<Sequence> decoding =
      new PriorityQueue<>(
          Comparator.<Sequence>comparingDouble(s -> s.workAtEnd)
              .thenComparingLong(s -> s.admitted));
  private final @Nullable PrefixCache prefixCache;
  private double work;
  private long workAtNanos;

  /**
   * The tokens in the KV cache without the common work: for each running sequence its prompt and
   * the tokens generated before its admission, less the common work at which it began to generate.
   */
  private double kvBase;

  private long epoch;
  private long admissions;
  private long preemptions;
  private int mostWaiting;

  /** Sequences whose prompt is being read. */
  private int reading;

  private boolean down;
  private int shownRunning;
  private int shownWaiting;
  private long shownAtNanos;

  /**
   * An idle server.
   *
   * @param scheduler runs an action at a time
   * @param changing called before the number of running or waiting sequences changes
   */
  public SimulatedServer(
      String id, ServerModel model, ObjLongConsumer<Runnable> scheduler, Runnable changing) {
    this.id = id;
    this.model = model;
    this.scheduler = scheduler;
    this.changing = changing;
    this.prefixCache =
        model.prefixCacheTokens() == 0 ? null : new PrefixCache(model.prefixCacheTokens());
  }

  /** The id of its endpoint. */
  public String id() {
    return id;
  }

  /** The behaviour. */
  public ServerModel model() {
    return model;
  }

  /** Sequences in the batch. */
  public int running() {
    return running.size();
  }

  /** Sequences in the queue. */
  public int waiting() {
    return waiting.size();
  }

  /** The sequences in the batch, as the metrics show them. */
  int shownRunning(long nowNanos) {
    show(nowNanos);
    return shownRunning;
  }

  /** The sequences in the queue, as the metrics show them. */
  int shownWaiting(long nowNanos) {
    show(nowNanos);
    return shownWaiting;
  }

  /** Updates what metrics show, if a period began since. Called before the numbers change. */
  private void show(long nowNanos) {
    var period = Math.max(1, model.habits().gaugePeriod().toNanos());
    if (nowNanos / period != shownAtNanos / period) {
      shownRunning = running.size();
      shownWaiting = waiting.size();
    }
    shownAtNanos = nowNanos;
  }

  /** The longest queue since {@link #forgetMostWaiting}. */
  public int mostWaiting() {
    return mostWaiting;
  }

  /** Starts to look for the longest queue anew. */
  public void forgetMostWaiting() {
    mostWaiting = waiting.size();
  }

  /** Preemptions since the start. */
  public long preemptions() {
    return preemptions;
  }

  /** Whether connections are refused. */
  public boolean isDown() {
    return down;
  }

  /** The used part of the KV cache, 0 to 1; 0 if the cache has no limit. */
  public double kvUtilization(long nowNanos) {
    advance(nowNanos);
    // Rounding errors of sequences that ended may make the sum negative.
    return model.kvTokens() == 0 ? 0 : Math.clamp(kvUsed() / model.kvTokens(), 0.0, 1.0);
  }

  /** Schedules the requests of other senders and the outages of a whole run. */
  public void begin(SplittableRandom random) {
    for (var outage : model.outages()) {
      scheduler.accept(() -> goDown(outage.from().toNanos()), outage.from().toNanos());
      scheduler.accept(() -> down = false, outage.to().toNanos());
    }
    var foreign = model.foreign();
    if (foreign != null) {
      // The first one comes at a random part of the interval, so that servers do not run in step.
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

  /** Takes a request, which begins at once or waits in the queue. */
  public void submit(Sequence sequence, long nowNanos) {
    show(nowNanos);
    changing.run();
    waiting.addLast(sequence);
    advance(nowNanos);
    admit(nowNanos);
    plan(nowNanos);
    mostWaiting = Math.max(mostWaiting, waiting.size());
  }

  /** Takes a request back whose sender went away. Its owner hears no more of it. */
  public void abort(Sequence sequence, long nowNanos) {
    if (sequence.over) {
      return;
    }
    sequence.over = true;
    advance(nowNanos);
    if (sequence.running) {
      leave(sequence);
    } else {
      waiting.remove(sequence);
    }
    admit(nowNanos);
    plan(nowNanos);
  }

  private void admit(long nowNanos) {
    for (var next = waiting.peekFirst(); next != null; next = waiting.peekFirst()) {
      if (running.size() >= model.slots() || !readsMore() || !fits(next)) {
        return;
      }
      begin(next, nowNanos);
    }
  }

  private boolean readsMore() {
    var most = model.habits().promptsAtOnce();
    return most == 0 || reading < most;
  }

  /** Begins with the first sequence of the queue. */
  private void begin(Sequence sequence, long nowNanos) {
    changing.run();
    waiting.removeFirst();
    running.add(sequence);
    sequence.running = true;
    sequence.reading = true;
    reading++;
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

  /** Looks into the prefix cache. The first look is the one that the answer's usage reports. */
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
    show(nowNanos);
    sequence.reading = false;
    reading--;
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
      admit(nowNanos);
      return;
    }
    advance(nowNanos);
    sequence.decoding = true;
    sequence.workAtStart = work;
    sequence.workAtEnd = work + sequence.outputTokens - sequence.generatedBefore;
    kvBase -= work;
    decoding.add(sequence);
    admit(nowNanos);
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
            show(at);
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
    show(nowNanos);
    leave(sequence);
    sequence.over = true;
    if (sequence.owner != null) {
      sequence.owner.finished(nowNanos);
    }
  }

  /** Takes a sequence out of the batch, and its tokens out of the KV cache. */
  private void leave(Sequence sequence) {
    changing.run();
    running.remove(sequence);
    sequence.running = false;
    reading -= sequence.reading ? 1 : 0;
    sequence.reading = false;
    if (sequence.decoding) {
      decoding.remove(sequence);
      kvBase += sequence.workAtStart;
      sequence.decoding = false;
      kvBase -= sequence.inputTokens + generatedAtAdmission(sequence);
    } else {
      kvBase -= sequence.inputTokens + sequence.generatedBefore;
    }
  }

  /** The tokens generated before the last admission. A preemption has added to the field since. */
  private double generatedAtAdmission(Sequence sequence) {
    return sequence.workAtStart + sequence.outputTokens - sequence.workAtEnd;
  }

  private void goDown(long nowNanos) {
    show(nowNanos);
    down = true;
    epoch++;
    if (prefixCache != null) {
      prefixCache.clear();
    }
    var failed = new ArrayList<>(running);
    failed.addAll(waiting);
    changing.run();
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
