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
 * The counts of one flow and model. A request adds to a few cells that lie side by side in memory;
 * a page is made from the cells when the metrics are scraped. If each series were a data point of
 * the metrics library, there would be a dozen objects in a dozen places, and counting would cost
 * more than deciding. Thread-safe; counting is O(1).
 */
final class FlowSeries {

  /** Upper bounds of the buckets of waiting times; the last bucket has no bound. */
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

  /** The first cell of the outcome "dispatched". Other, rarer outcomes have arrays of their own. */
  private static final int DISPATCHED = 5;

  /** The cells of an outcome: first the sum of the waiting times, then the buckets. */
  private static final int CELLS_OF_OUTCOME = 1 + BUCKET_SECONDS.length;

  private final String flowId;
  private final int priority;
  private final String model;
  private final long[] cells = new long[DISPATCHED + CELLS_OF_OUTCOME];
  private final Map<QueueOutcome, long[]> otherOutcomes = new ConcurrentHashMap<>();
  private final Map<String, FlowSeries> otherModels = new ConcurrentHashMap<>();

  /** Series with these labels, of which nothing is counted yet. */
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

  /** The series of the same flow with this label of the model; null if there are none. */
  @Nullable FlowSeries ofModel(String label) {
    return model.equals(label) ? this : otherModels.get(label);
  }

  /** The series of the same flow with this label of the model; made if there are none. */
  FlowSeries addModel(String label) {
    return model.equals(label)
        ? this
        : otherModels.computeIfAbsent(label, of -> new FlowSeries(flowId, priority, of));
  }

  /** The series of the same flow for its other models. */
  Collection<FlowSeries> others() {
    return otherModels.values();
  }

  /** Counts a request into the queue with {@code count} 1, and out of it with -1. */
  void queued(int count, long sizeBytes) {
    add(cells, QUEUED, count);
    add(cells, QUEUED_BYTES, count * sizeBytes);
  }

  /** Counts a request that begins to run with {@code count} 1, and one that ends with -1. */
  void running(int count) {
    add(cells, RUNNING, count);
  }

  /** Counts the tokens that a request has used. */
  void used(long inputTokens, long outputTokens) {
    add(cells, INPUT_TOKENS, inputTokens);
    add(cells, OUTPUT_TOKENS, outputTokens);
  }

  /** Counts the outcome of a request, and how long the request waited for it. */
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

  /** The number of requests with this outcome, by bucket of their waiting time. */
  long[] waits(QueueOutcome outcome) {
    var counts = new long[BUCKET_SECONDS.length];
    var its = known(outcome);
    for (var bucket = 0; its != null && bucket < counts.length; bucket++) {
      counts[bucket] = get(its, first(outcome) + 1 + bucket);
    }
    return counts;
  }

  /** The sum of the waiting times of all requests with this outcome. */
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
    if (amount != 0) { // most waiting times are 0, and an atomic addition is not free
      CELL.getAndAdd(to, cell, amount);
    }
  }

  private static long get(long[] from, int cell) {
    return (long) CELL.getVolatile(from, cell);
  }
}
