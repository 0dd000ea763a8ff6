package dev.sluice.observability.metrics;

import dev.sluice.flowcontrol.contracts.EngineObserver;
import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.QueueOutcome;
import dev.sluice.flowcontrol.types.RejectReason;
import dev.sluice.flowcontrol.types.Usage;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.datapoints.GaugeDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Counts what the engine decides. Names, labels and buckets of the {@code flow_control_} metrics
 * are upstream's, under its prefix {@code llm_d_epp_} and, where upstream does so, under the older
 * {@code inference_extension_} too; those that begin with {@code sluice_} are ours.
 *
 * <p>At most 1,000 values of {@code fairness_id} and of the model labels get series of their own;
 * later ones share {@code other}. A collected flow's series are removed. The durations of dispatch
 * cycles and of enqueueing are of one operation in 31, so their counts are no rates of anything.
 * Without exemplars: there is no tracer to name one, and looking for it costs more than counting.
 * Thread-safe; O(1) per event.
 */
public final class EngineMetrics implements EngineObserver {
  private static final String PREFIX = "llm_d_epp_";
  private static final String OLD_PREFIX = "inference_extension_";
  private static final String QUEUE_DURATION = "flow_control_request_queue_duration_seconds";
  private static final String CYCLE_DURATION = "flow_control_dispatch_cycle_duration_seconds";
  private static final String ENQUEUE_DURATION = "flow_control_request_enqueue_duration_seconds";
  private static final String QUEUE_SIZE = "flow_control_queue_size";
  private static final String QUEUE_BYTES = "flow_control_queue_bytes";
  private static final int MOST_LABEL_VALUES = 1_000;
  private static final int TIMED_ONE_IN = 31;
  private static final double NANOS_PER_SECOND = 1e9;
  private static final double[] QUEUE_SECONDS = {
    .0001, .0005, .001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60
  };
  private static final double[] DECISION_SECONDS = {
    .0001, .0002, .0005, .001, .002, .005, .01, .02, .05, .1
  };
  private static final double[] REVOCATION_SECONDS = {
    .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10
  };

  private final String pool;
  private final LabelLimit flowIds = new LabelLimit(MOST_LABEL_VALUES);
  private final LabelLimit models = new LabelLimit(MOST_LABEL_VALUES);
  private final Map<FlowKey, Map<String, Series>> series = new ConcurrentHashMap<>();
  private final Map<Integer, Map<QueueOutcome, CounterDataPoint>> outcomes =
      new ConcurrentHashMap<>();
  private final Histogram queueDurations;
  private final Gauge queueSizes;
  private final Gauge queueBytes;
  private final Histogram cycleDurations;
  private final Histogram enqueueDurations;
  private final Counter requests;
  private final Gauge running;
  private final Counter tokens;
  private final Counter reclaimed;
  private final Counter faults;
  private final Counter revocationsIssued;

  /** The series of one flow and model, found once: what is counted per request has no look-up. */
  private final class Series {
    private final String[] labels;
    private final Map<QueueOutcome, Ended> ended = new ConcurrentHashMap<>();
    private final Map<QueueOutcome, CounterDataPoint> outcomesOfBand;
    private final GaugeDataPoint size;
    private final GaugeDataPoint bytes;
    private final GaugeDataPoint nowRunning;
    private final CounterDataPoint inputTokens;
    private final CounterDataPoint outputTokens;

    Series(FlowKey flow, String itsModel) {
      var priority = String.valueOf(flow.priority());
      var id = flowIds.of(flow.id());
      var model = models.of(itsModel);
      labels = new String[] {id, priority, pool, model, model};
      outcomesOfBand = outcomes.computeIfAbsent(flow.priority(), EngineMetrics.this::countersOf);
      size = queueSizes.labelValues(labels);
      bytes = queueBytes.labelValues(labels);
      nowRunning = running.labelValues(id, priority, pool);
      inputTokens = tokens.labelValues(id, priority, pool, "input");
      outputTokens = tokens.labelValues(id, priority, pool, "output");
    }

    void queued(int count, long sizeBytes) {
      size.inc(count);
      bytes.inc((double) count * sizeBytes);
    }

    void ended(QueueOutcome outcome, long waitedNanos) {
      var known = ended.get(outcome);
      if (known == null) {
        known = ended.computeIfAbsent(outcome, this::seriesOf);
      }
      known.durations.observe(waitedNanos / NANOS_PER_SECOND);
      known.ofBand.inc();
    }

    private Ended seriesOf(QueueOutcome outcome) {
      return new Ended(
          queueDurations.labelValues(
              labels[0], labels[1], outcome.label(), labels[2], labels[3], labels[4]),
          Objects.requireNonNull(outcomesOfBand.get(outcome)));
    }
  }

  /** Where requests of one outcome are counted. */
  private record Ended(DistributionDataPoint durations, CounterDataPoint ofBand) {}

  /** Registers its metrics; {@code pool} is the value of the label {@code inference_pool}. */
  public EngineMetrics(PrometheusRegistry registry, String pool) {
    this.pool = pool;
    queueDurations =
        Histogram.builder()
            .name(PREFIX + QUEUE_DURATION)
            .help("Time from a request's offer to its outcome.")
            .withoutExemplars()
            .classicOnly()
            .classicUpperBounds(QUEUE_SECONDS)
            .labelNames(
                "fairness_id",
                "priority",
                "outcome",
                "inference_pool",
                "model_name",
                "target_model_name")
            .register(registry);
    cycleDurations =
        Histogram.builder()
            .name(PREFIX + CYCLE_DURATION)
            .help("Time in the engine's lock to decide and dispatch, of one operation in 31.")
            .withoutExemplars()
            .classicOnly()
            .classicUpperBounds(DECISION_SECONDS)
            .register(registry);
    enqueueDurations =
        Histogram.builder()
            .name(PREFIX + ENQUEUE_DURATION)
            .help("Time to queue or decide an offered request, of one operation in 31.")
            .withoutExemplars()
            .classicOnly()
            .classicUpperBounds(DECISION_SECONDS)
            .labelNames("fairness_id", "priority", "outcome")
            .register(registry);
    queueSizes = flowGauge(registry, QUEUE_SIZE, "Requests that are queued.");
    queueBytes = flowGauge(registry, QUEUE_BYTES, "Bytes of requests that are queued.");
    registry.register(new Renamed(queueDurations, OLD_PREFIX + QUEUE_DURATION));
    registry.register(new Renamed(cycleDurations, OLD_PREFIX + CYCLE_DURATION));
    registry.register(new Renamed(enqueueDurations, OLD_PREFIX + ENQUEUE_DURATION));
    registry.register(new Renamed(queueSizes, OLD_PREFIX + QUEUE_SIZE));
    registry.register(new Renamed(queueBytes, OLD_PREFIX + QUEUE_BYTES));
    requests =
        Counter.builder()
            .withoutExemplars()
            .name(PREFIX + "flow_control_requests_total")
            .help("Requests by outcome.")
            .labelNames("outcome", "priority", "inference_pool")
            .register(registry);
    running =
        Gauge.builder()
            .name("sluice_flow_control_running_requests")
            .help("Requests that hold a permit.")
            .labelNames("fairness_id", "priority", "inference_pool")
            .register(registry);
    tokens =
        Counter.builder()
            .withoutExemplars()
            .name("sluice_flow_control_tokens_total")
            .help("Tokens that finished requests used.")
            .labelNames("fairness_id", "priority", "inference_pool", "kind")
            .register(registry);
    reclaimed =
        Counter.builder()
            .withoutExemplars()
            .name("sluice_flow_control_permits_reclaimed_total")
            .help("Permits that were taken back because nobody returned them in time.")
            .labelNames("inference_pool")
            .register(registry);
    faults =
        Counter.builder()
            .withoutExemplars()
            .name("sluice_flow_control_plugin_faults_total")
            .help("Exceptions of plugins.")
            .labelNames("plugin")
            .register(registry);
    reclaimed.initLabelValues(pool);
    revocationsIssued =
        Counter.builder()
            .withoutExemplars()
            .name(PREFIX + "flow_control_revocations_issued_total")
            .help("Running requests that were told to stop, by the priority that needed room.")
            .labelNames("priority", "inference_pool")
            .register(registry);
    registerRevocations(registry);
  }

  /** What else upstream measures of revocations. Nothing is revoked here, so they stay at 0. */
  private void registerRevocations(PrometheusRegistry registry) {
    var revocations =
        Counter.builder()
            .withoutExemplars()
            .name(PREFIX + "flow_control_revocations_total")
            .help("Revoked requests that have stopped, or did not in time.")
            .labelNames("outcome", "inference_pool")
            .register(registry);
    revocations.initLabelValues("confirmed", pool);
    revocations.initLabelValues("timed_out", pool);
    Gauge.builder()
        .name(PREFIX + "flow_control_reclaim_target")
        .help("Saturation above the ceiling, at the last decision to revoke.")
        .labelNames("inference_pool")
        .register(registry)
        .initLabelValues(pool);
    Gauge.builder()
        .name(PREFIX + "flow_control_pending_reclaim")
        .help("Saturation that revoked requests are yet to give back.")
        .labelNames("inference_pool")
        .register(registry)
        .initLabelValues(pool);
    Histogram.builder()
        .name(PREFIX + "flow_control_revocation_confirmation_seconds")
        .help("Time from a revocation to the end of its request.")
        .withoutExemplars()
        .classicOnly()
        .classicUpperBounds(REVOCATION_SECONDS)
        .labelNames("inference_pool")
        .register(registry)
        .initLabelValues(pool);
  }

  private static Gauge flowGauge(PrometheusRegistry registry, String name, String help) {
    return Gauge.builder()
        .name(PREFIX + name)
        .help(help)
        .labelNames("fairness_id", "priority", "inference_pool", "model_name", "target_model_name")
        .register(registry);
  }

  @Override
  public void queued(long sequence, long nowNanos, FlowControlRequest request) {
    seriesOf(request).queued(1, request.sizeBytes());
  }

  @Override
  public void dispatched(
      long sequence,
      long nowNanos,
      FlowControlRequest request,
      long waitedNanos,
      boolean fromQueue,
      boolean reservedTurn) {
    var ofFlow = seriesOf(request);
    if (fromQueue) {
      ofFlow.queued(-1, request.sizeBytes());
    }
    ofFlow.ended(QueueOutcome.DISPATCHED, waitedNanos);
    ofFlow.nowRunning.inc();
  }

  @Override
  public void rejected(
      long sequence, long nowNanos, FlowControlRequest request, RejectReason reason) {
    seriesOf(request).ended(reason.outcome(), 0);
  }

  @Override
  public void evicted(
      long sequence,
      long nowNanos,
      FlowControlRequest request,
      EvictReason reason,
      long waitedNanos) {
    var ofFlow = seriesOf(request);
    ofFlow.queued(-1, request.sizeBytes());
    ofFlow.ended(reason.outcome(), waitedNanos);
  }

  @Override
  public void returned(
      long sequence,
      long nowNanos,
      FlowControlRequest request,
      Usage usage,
      long ranNanos,
      boolean wasReclaimed) {
    var ofFlow = seriesOf(request);
    ofFlow.nowRunning.dec();
    ofFlow.inputTokens.inc(usage.inputTokens());
    ofFlow.outputTokens.inc(usage.outputTokens());
    if (wasReclaimed) {
      reclaimed.labelValues(pool).inc();
    }
  }

  @Override
  public int timedOneIn() {
    return TIMED_ONE_IN;
  }

  @Override
  public void decided(long heldNanos) {
    cycleDurations.observe(heldNanos / NANOS_PER_SECOND);
  }

  @Override
  public void offered(FlowControlRequest request, QueueOutcome outcome, long tookNanos) {
    var id = flowIds.of(request.flow().id());
    var priority = String.valueOf(request.flow().priority());
    enqueueDurations
        .labelValues(id, priority, outcome.label())
        .observe(tookNanos / NANOS_PER_SECOND);
  }

  @Override
  public void flowCollected(long sequence, long nowNanos, FlowKey flow) {
    series.remove(flow);
    var id = flowIds.of(flow.id());
    if (id.equals(LabelLimit.OTHER) && !flow.id().equals(LabelLimit.OTHER)) {
      return; // its series are shared
    }
    var priority = String.valueOf(flow.priority());
    for (var metric :
        List.of(queueDurations, enqueueDurations, queueSizes, queueBytes, running, tokens)) {
      metric.removeIf(
          labels -> labels.get(0).equals(id) && Objects.equals(labels.get(1), priority));
    }
  }

  @Override
  public void fault(long sequence, long nowNanos, String plugin, Throwable cause) {
    faults.labelValues(plugin).inc();
  }

  private Series seriesOf(FlowControlRequest request) {
    var flow = request.flow();
    var model = request.eligibility().model();
    var ofFlow = series.get(flow);
    if (ofFlow == null) {
      ofFlow = series.computeIfAbsent(flow, key -> new ConcurrentHashMap<>());
    }
    var found = ofFlow.get(model);
    return found != null ? found : ofFlow.computeIfAbsent(model, key -> new Series(flow, key));
  }

  private Map<QueueOutcome, CounterDataPoint> countersOf(int priority) {
    revocationsIssued.initLabelValues(String.valueOf(priority), pool);
    var counters = new EnumMap<QueueOutcome, CounterDataPoint>(QueueOutcome.class);
    for (var outcome : QueueOutcome.values()) {
      if (outcome != QueueOutcome.NOT_YET_FINALIZED) {
        counters.put(
            outcome, requests.labelValues(outcome.label(), String.valueOf(priority), pool));
      }
    }
    return counters;
  }
}
