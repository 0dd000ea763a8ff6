package dev.sluice.observability.metrics;

import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.QueueOutcome;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntConsumer;
import java.util.function.ToLongFunction;

/**
 * The series of all flows, and the part of the metrics page that is made from them. Finding the
 * series of a request is O(1); making the page is O(series). Thread-safe.
 *
 * <p>Labels are bounded, because tenants and clients choose them: so many flow ids and models have
 * series of their own at a time, and the flows together so many series for further models. What is
 * beyond shares {@code other}. A flow that is forgotten frees its labels.
 */
final class FlowSeriesTable implements MultiCollector {
  private static final int MOST_FLOW_IDS = 1_000;
  private static final int MOST_MODELS = 100;
  private static final int MOST_FURTHER_SERIES = 2_000;

  private final String pool;
  private final List<String> prefixes;
  private final IntConsumer newPriority;
  private final LabelLimit flowIds = new LabelLimit(MOST_FLOW_IDS);
  private final LabelLimit models = new LabelLimit(MOST_MODELS);
  private final Map<FlowKey, FlowSeries> ofFlows = new ConcurrentHashMap<>();

  /** The series that flows beyond the limit share, by priority. Guarded by this. */
  private final Map<Integer, FlowSeries> ofOthers = new HashMap<>();

  /** The number of flows that share them, by priority. Guarded by this. */
  private final Map<Integer, Integer> others = new HashMap<>();

  /** The number of series for models after the first of their flow. Guarded by this. */
  private int furtherSeries;

  /** The number of requests of forgotten flows, by priority and outcome. Guarded by this. */
  private final Map<Integer, Map<QueueOutcome, Long>> gone = new TreeMap<>();

  /**
   * An empty table.
   *
   * @param pool the value of the label {@code inference_pool}
   * @param prefixes the prefixes under which metrics appear; a metric that upstream has under the
   *     first only is not repeated
   * @param newPriority is called with each priority before its first series is made, and may be
   *     called again
   */
  FlowSeriesTable(String pool, List<String> prefixes, IntConsumer newPriority) {
    this.pool = pool;
    this.prefixes = prefixes;
    this.newPriority = newPriority;
  }

  /** The series that count a request. */
  FlowSeries of(FlowControlRequest request) {
    var model = request.eligibility().model();
    var ofFlow = ofFlows.get(request.flow());
    var found = ofFlow == null ? null : ofFlow.ofModel(model);
    return found == null ? make(request.flow(), model) : found;
  }

  private FlowSeries make(FlowKey flow, String model) {
    if (!ofFlows.containsKey(flow)) {
      newPriority.accept(flow.priority());
    }
    synchronized (this) {
      gone.computeIfAbsent(flow.priority(), priority -> new EnumMap<>(QueueOutcome.class));
      var ofFlow = ofFlows.get(flow);
      if (ofFlow == null) {
        ofFlow = makeFirst(flow, model);
        ofFlows.put(flow, ofFlow);
      }
      return ofModel(ofFlow, model);
    }
  }

  private FlowSeries makeFirst(FlowKey flow, String model) {
    var id = flowIds.take(flow.id());
    if (!id.equals(LabelLimit.OTHER)) {
      return new FlowSeries(id, flow.priority(), models.take(model));
    }
    others.merge(flow.priority(), 1, Integer::sum);
    return ofOthers.computeIfAbsent(
        flow.priority(), priority -> new FlowSeries(id, priority, models.take(model)));
  }

  private FlowSeries ofModel(FlowSeries ofFlow, String model) {
    var found = ofFlow.ofModel(model);
    if (found != null) {
      return found;
    }
    if (furtherSeries >= MOST_FURTHER_SERIES) {
      return ofFlow.addModel(LabelLimit.OTHER);
    }
    var label = models.take(model);
    if (!label.equals(LabelLimit.OTHER)) {
      furtherSeries++;
    }
    return ofFlow.addModel(label);
  }

  /**
   * Forgets the series of a flow and frees its labels, but keeps the number of its requests by
   * outcome. Returns the flow's value of the label {@code fairness_id} if no series has it at this
   * priority any more, else the empty text.
   */
  synchronized String forget(FlowKey flow) {
    var ofFlow = ofFlows.remove(flow);
    if (ofFlow == null) {
      return "";
    }
    if (ofFlow.flowId().equals(LabelLimit.OTHER)) {
      if (others.merge(flow.priority(), -1, Integer::sum) > 0) {
        return "";
      }
      others.remove(flow.priority());
      ofOthers.remove(flow.priority());
    }
    flowIds.release(ofFlow.flowId());
    free(ofFlow);
    for (var series : ofFlow.others()) {
      if (!series.model().equals(LabelLimit.OTHER)) {
        furtherSeries--;
      }
      free(series);
    }
    return ofFlow.flowId();
  }

  private void free(FlowSeries series) {
    models.release(series.model());
    var counts = gone.get(series.priority());
    if (counts != null) {
      count(series, counts);
    }
  }

  private static void count(FlowSeries series, Map<QueueOutcome, Long> byOutcome) {
    for (var outcome : QueueOutcome.values()) {
      byOutcome.merge(outcome, Arrays.stream(series.waits(outcome)).sum(), Long::sum);
    }
  }

  @Override
  public MetricSnapshots collect() {
    var all = new ArrayList<FlowSeries>();
    var byPriority = new TreeMap<Integer, Map<QueueOutcome, Long>>();
    synchronized (this) { // for as long as the copies take, not for as long as the page does
      ofFlows.values().stream()
          .filter(series -> !series.flowId().equals(LabelLimit.OTHER))
          .forEach(all::add);
      all.addAll(ofOthers.values());
      gone.forEach((priority, counts) -> byPriority.put(priority, new HashMap<>(counts)));
    }
    List.copyOf(all).forEach(series -> all.addAll(series.others()));
    var page = MetricSnapshots.builder();
    for (var prefix : prefixes) {
      page.metricSnapshot(durations(prefix, all));
      page.metricSnapshot(
          gauge(
              prefix + "flow_control_queue_size",
              "Requests that are queued now.",
              all,
              FlowSeries::queuedRequests));
      page.metricSnapshot(
          gauge(
              prefix + "flow_control_queue_bytes",
              "Bytes of requests that are queued now.",
              all,
              FlowSeries::queuedBytes));
    }
    return page.metricSnapshot(requests(prefixes.get(0), all, byPriority))
        .metricSnapshot(running(all))
        .metricSnapshot(tokens(all))
        .build();
  }

  private MetricSnapshot durations(String prefix, List<FlowSeries> all) {
    var histogram =
        HistogramSnapshot.builder()
            .name(prefix + "flow_control_request_queue_duration_seconds")
            .help("Time from a request's offer to its outcome.");
    for (var series : all) {
      for (var outcome : QueueOutcome.values()) {
        var waits = series.waits(outcome);
        if (Arrays.stream(waits).sum() > 0) {
          histogram.dataPoint(
              HistogramDataPointSnapshot.builder()
                  .labels(labels(series).add("outcome", outcome.label()))
                  .classicHistogramBuckets(
                      ClassicHistogramBuckets.of(FlowSeries.BUCKET_SECONDS, waits))
                  .sum(series.waitedSeconds(outcome))
                  .build());
        }
      }
    }
    return histogram.build();
  }

  private MetricSnapshot gauge(
      String name, String help, List<FlowSeries> all, ToLongFunction<FlowSeries> value) {
    var gauge = GaugeSnapshot.builder().name(name).help(help);
    for (var series : all) {
      gauge.dataPoint(
          GaugeDataPointSnapshot.builder()
              .labels(labels(series))
              .value((double) value.applyAsLong(series))
              .build());
    }
    return gauge.build();
  }

  private MetricSnapshot requests(
      String prefix, List<FlowSeries> all, Map<Integer, Map<QueueOutcome, Long>> byPriority) {
    for (var series : all) {
      var counts = byPriority.get(series.priority());
      if (counts != null) {
        count(series, counts);
      }
    }
    var counter =
        CounterSnapshot.builder()
            .name(prefix + "flow_control_requests")
            .help("Requests by outcome.");
    byPriority.forEach((priority, counts) -> {
      for (var outcome : QueueOutcome.values()) {
        if (outcome != QueueOutcome.NOT_YET_FINALIZED) {
          counter.dataPoint(
              CounterDataPointSnapshot.builder()
                  .labels(
                      Labels.of(
                          "outcome",
                          outcome.label(),
                          "priority",
                          String.valueOf(priority),
                          "inference_pool",
                          pool))
                  .value((double) counts.getOrDefault(outcome, 0L))
                  .build());
        }
      }
    });
    return counter.build();
  }

  private MetricSnapshot running(List<FlowSeries> all) {
    var gauge =
        GaugeSnapshot.builder()
            .name("sluice_flow_control_running_requests")
            .help("Requests that hold a permit.");
    sums(all, FlowSeries::runningRequests)
        .forEach((labels, sum) ->
            gauge.dataPoint(
                GaugeDataPointSnapshot.builder().labels(labels).value((double) sum).build()));
    return gauge.build();
  }

  private MetricSnapshot tokens(List<FlowSeries> all) {
    var counter =
        CounterSnapshot.builder()
            .name("sluice_flow_control_tokens")
            .help("Tokens that finished requests have used.");
    var kinds =
        Map.<String, ToLongFunction<FlowSeries>>of(
            "input", FlowSeries::inputTokens, "output", FlowSeries::outputTokens);
    kinds.forEach((kind, tokens) ->
        sums(all, tokens)
            .forEach((labels, sum) ->
                counter.dataPoint(
                    CounterDataPointSnapshot.builder()
                        .labels(labels.add("kind", kind))
                        .value((double) sum)
                        .build())));
    return counter.build();
  }

  /** The sums of a value over the models of each flow. */
  private Map<Labels, Long> sums(List<FlowSeries> all, ToLongFunction<FlowSeries> value) {
    var sums = new TreeMap<Labels, Long>();
    for (var series : all) {
      var labels =
          Labels.of(
              "fairness_id",
              series.flowId(),
              "priority",
              String.valueOf(series.priority()),
              "inference_pool",
              pool);
      sums.merge(labels, value.applyAsLong(series), Long::sum);
    }
    return sums;
  }

  private Labels labels(FlowSeries series) {
    return Labels.of(
        "fairness_id",
        series.flowId(),
        "priority",
        String.valueOf(series.priority()),
        "inference_pool",
        pool,
        "model_name",
        series.model(),
        "target_model_name",
        series.model());
  }
}
