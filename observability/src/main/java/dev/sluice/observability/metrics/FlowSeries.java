package dev.sluice.observability.metrics;

import dev.sluice.flowcontrol.types.QueueOutcome;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What is counted of one flow and model: a request adds to a few cells that lie side by side, and a
 * page is made from them when somebody scrapes. A data point of the metrics library for each series
 * would be a dozen objects in a dozen places, and counting would cost more than deciding.
 * Thread-safe; counting is O(1).
 */
final class FlowSeries {

  /** Upper bounds of the buckets of waiting times; the last one has none. */
  static final double[] BUCKET_SECONDS = {
    .0001,
    .0005,
    .001,
    .005,
    .01,
    .025,
    .05,
    .1,
    .25,
    .5,
    1,
    2.5,
    5,
    10,
    30,
    60,
    Double.POSITIVE_INFINITY
  };

  private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);
  private static final double NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final long[] BUCKET_NANOS =
      Arrays.stream(BUCKET_SECONDS).mapToLong(bound -> (long) (bound * NANOS_PER_SECOND)).toArray();

  private static final int QUEUED = 0;
  private static final int QUEUED_BYTES = 1;
  private static final int RUNNING = 2;
  private static final int INPUT_TOKENS = 3;
  private static final int OUTPUT_TOKENS = 4;

  /** Here begin the cells of a dispatch, the outcome that matters; others have cells elsewhere. */
  private static final int DISPATCHED = 5;

  /** Among the cells of an outcome the sum of its times comes first, then the buckets. */
  private static final int CELLS_OF_OUTCOME = 1 + BUCKET_SECONDS.length;

  private final String flowId;
  private final int priority;
  private final String model;
  private final long[] cells = new long[DISPATCHED + CELLS_OF_OUTCOME];
  private final Map<QueueOutcome, long[]> otherOutcomes = new ConcurrentHashMap<>();
  private final Map<String, FlowSeries> otherModels = new ConcurrentHashMap<>();

  /** Series with these labels, and nothing counted. */
  FlowSeries(String flowId, int priority, String model) {
    this.flowId = flowId;
    this.priority = priority;
    this.model = model;
  }

  String flowId() {
    return flowId;
  }

  int priority() {
    return priority;
  }

  String model() {
    return model;
  }

  /** The series of the same flow with this model's label; made if there are none. */
  FlowSeries ofModel(String label, LabelLimit models) {
    if (model.equals(label)) {
      return this;
    }
    var found = otherModels.get(label);
    if (found != null) {
      return found;
    }
    var shown = models.of(label);
    return shown.equals(label)
        ? otherModels.computeIfAbsent(label, of -> new FlowSeries(flowId, priority, of))
        : ofModel(shown, models);
  }

  /** The series of the flow's other models. */
  Collection<FlowSeries> others() {
    return otherModels.values();
  }

  /** Counts a request into the queue, or with -1 out of it. */
  void queued(int count, long sizeBytes) {
    add(cells, QUEUED, count);
    add(cells, QUEUED_BYTES, count * sizeBytes);
  }

  /** Counts a request that runs in, or with -1 out. */
  void running(int count) {
    add(cells, RUNNING, count);
  }

  /** Counts what a request has used. */
  void used(long inputTokens, long outputTokens) {
    add(cells, INPUT_TOKENS, inputTokens);
    add(cells, OUTPUT_TOKENS, outputTokens);
  }

  /** Counts an outcome, and how long it was waited for. */
  void ended(QueueOutcome outcome, long waitedNanos) {
    var its = outcome == QueueOutcome.DISPATCHED ? cells : cellsOf(outcome);
    var first = first(outcome);
    var bucket = 0;
    while (waitedNanos > BUCKET_NANOS[bucket]) {
      bucket++;
    }
    add(its, first, waitedNanos);
    add(its, first + 1 + bucket, 1);
  }

  private long[] cellsOf(QueueOutcome outcome) {
    var known = otherOutcomes.get(outcome);
    return known == null
        ? otherOutcomes.computeIfAbsent(outcome, of -> new long[CELLS_OF_OUTCOME])
        : known;
  }

  long queuedRequests() {
    return get(cells, QUEUED);
  }

  long queuedBytes() {
    return get(cells, QUEUED_BYTES);
  }

  long runningRequests() {
    return get(cells, RUNNING);
  }

  long inputTokens() {
    return get(cells, INPUT_TOKENS);
  }

  long outputTokens() {
    return get(cells, OUTPUT_TOKENS);
  }

  /** How many requests had this outcome, by bucket of the time that they waited for it. */
  long[] waits(QueueOutcome outcome) {
    var counts = new long[BUCKET_SECONDS.length];
    var its = known(outcome);
    for (var bucket = 0; its != null && bucket < counts.length; bucket++) {
      counts[bucket] = get(its, first(outcome) + 1 + bucket);
    }
    return counts;
  }

  /** How long they waited in all. */
  double waitedSeconds(QueueOutcome outcome) {
    var its = known(outcome);
    return its == null ? 0 : get(its, first(outcome)) / NANOS_PER_SECOND;
  }

  private long @Nullable [] known(QueueOutcome outcome) {
    return outcome == QueueOutcome.DISPATCHED ? cells : otherOutcomes.get(outcome);
  }

  private static int first(QueueOutcome outcome) {
    return outcome == QueueOutcome.DISPATCHED ? DISPATCHED : 0;
  }

  private static void add(long[] to, int cell, long amount) {
    if (amount != 0) { // most waits are, and an atomic addition is not free
      CELL.getAndAdd(to, cell, amount);
    }
  }

  private static long get(long[] from, int cell) {
    return (long) CELL.getVolatile(from, cell);
  }
}
