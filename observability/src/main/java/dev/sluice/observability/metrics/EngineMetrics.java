package dev.sluice.observability.metrics;

import dev.sluice.flowcontrol.contracts.EngineObserver;
import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.QueueOutcome;
import dev.sluice.flowcontrol.types.RejectReason;
import dev.sluice.flowcontrol.types.Usage;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.List;
import java.util.Locale;

/**
 * Counts the engine's decisions as Prometheus metrics. Names, labels and buckets of the metrics
 * with {@code flow_control_} are upstream's. They have upstream's prefix {@code llm_d_epp_} and, if
 * upstream has both, also the older {@code inference_extension_}. Metrics that begin with {@code
 * sluice_} are Sluice's own.
 *
 * <p>At most 1,000 values of {@code fairness_id} and 100 of the model labels have series of their
 * own at a time; further values share {@code other}. If the engine forgets a flow, the series of
 * the flow are removed, and its labels are free for others. Durations of dispatch cycles and of
 * enqueueing are taken of one operation in 31, so their counts are not rates. There are no
 * exemplars: no tracer could provide one, and looking for one costs more than counting.
 * Thread-safe; O(1) for each event.
 */
public final class EngineMetrics implements EngineObserver {
  private static final String PREFIX = "llm_d_epp_";
  private static final String OLD_PREFIX = "inference_extension_";
  private static final String CYCLE_DURATION = "flow_control_dispatch_cycle_duration_seconds";
  private static final String ENQUEUE_DURATION = "flow_control_request_enqueue_duration_seconds";
  private static final int TIMED_ONE_IN = 31;
  private static final double NANOS_PER_SECOND = 1e9;
  private static final double[] DECISION_SECONDS = {
    .0001, .0002, .0005, .001, .002, .005, .01, .02, .05, .1
  };
  private static final double[] REVOCATION_SECONDS = {
    .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10
  };

  private final String pool;
  private final FlowSeriesTable series;
  private final Histogram cycleDurations;
  private final Histogram enqueueDurations;
  private final Counter reclaimed;
  private final Counter faults;
  private final Counter failures;
  private final Counter revocationsIssued;

  /** Registers the metrics; {@code pool} is the value of the label {@code inference_pool}. */
  public EngineMetrics(PrometheusRegistry registry, String pool) {
    this.pool = pool;
    cycleDurations =
        Histogram.builder()
            .name(PREFIX + CYCLE_DURATION)
            .help("Time that an operation held the engine's lock; one in 31 is measured.")
            .withoutExemplars()
            .classicOnly()
            .classicUpperBounds(DECISION_SECONDS)
            .register(registry);
    enqueueDurations =
        Histogram.builder()
            .name(PREFIX + ENQUEUE_DURATION)
            .help("Time until an offered request was queued or decided; one in 31 is measured.")
            .withoutExemplars()
            .classicOnly()
            .classicUpperBounds(DECISION_SECONDS)
            .labelNames("fairness_id", "priority", "outcome")
            .register(registry);
    registry.register(new Renamed(cycleDurations, OLD_PREFIX + CYCLE_DURATION));
    registry.register(new Renamed(enqueueDurations, OLD_PREFIX + ENQUEUE_DURATION));
    reclaimed =
        Counter.builder()
            .withoutExemplars()
            .name("sluice_flow_control_permits_reclaimed_total")
            .help("Permits that were taken back because they were not returned in time.")
            .labelNames("inference_pool")
            .register(registry);
    faults =
        Counter.builder()
            .withoutExemplars()
            .name("sluice_flow_control_plugin_faults_total")
            .help("Exceptions that plugins threw, by plugin.")
            .labelNames("plugin")
            .register(registry);
    failures =
        Counter.builder()
            .withoutExemplars()
            .name("sluice_flow_control_failures_total")
            .help("Exceptions of receivers, observers, the alarm and operations left to others.")
            .labelNames("source")
            .register(registry);
    for (var source : Source.values()) {
      failures.initLabelValues(label(source));
    }
    reclaimed.initLabelValues(pool);
    revocationsIssued =
        Counter.builder()
            .withoutExemplars()
            .name(PREFIX + "flow_control_revocations_issued_total")
            .help("Running requests that were told to stop, by the priority that needed the room.")
            .labelNames("priority", "inference_pool")
            .register(registry);
    registerRevocations(registry);
    series =
        new FlowSeriesTable(
            pool,
            List.of(PREFIX, OLD_PREFIX),
            priority -> revocationsIssued.initLabelValues(String.valueOf(priority), pool));
    registry.register(series);
  }

  /** Registers upstream's other metrics of revocations. Sluice revokes nothing, so they stay 0. */
  private void registerRevocations(PrometheusRegistry registry) {
    var revocations =
        Counter.builder()
            .withoutExemplars()
            .name(PREFIX + "flow_control_revocations_total")
            .help("Revoked requests, by whether they stopped in time.")
            .labelNames("outcome", "inference_pool")
            .register(registry);
    revocations.initLabelValues("confirmed", pool);
    revocations.initLabelValues("timed_out", pool);
    Gauge.builder()
        .name(PREFIX + "flow_control_reclaim_target")
        .help("Saturation above the ceiling at the last decision to revoke.")
        .labelNames("inference_pool")
        .register(registry)
        .initLabelValues(pool);
    Gauge.builder()
        .name(PREFIX + "flow_control_pending_reclaim")
        .help("Saturation that revoked requests have not given back yet.")
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

  @Override
  public void queued(long sequence, long nowNanos, FlowControlRequest request) {
    series.of(request).queued(1, request.sizeBytes());
  }

  @Override
  public void dispatched(
      long sequence,
      long nowNanos,
      FlowControlRequest request,
      long waitedNanos,
      boolean fromQueue,
      boolean reservedTurn) {
    var ofFlow = series.of(request);
    if (fromQueue) {
      ofFlow.queued(-1, request.sizeBytes());
    }
    ofFlow.ended(QueueOutcome.DISPATCHED, waitedNanos);
    ofFlow.running(1);
  }

  @Override
  public void rejected(
      long sequence, long nowNanos, FlowControlRequest request, RejectReason reason) {
    series.of(request).ended(reason.outcome(), 0);
  }

  @Override
  public void evicted(
      long sequence,
      long nowNanos,
      FlowControlRequest request,
      EvictReason reason,
      long waitedNanos) {
    var ofFlow = series.of(request);
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
    var ofFlow = series.of(request);
    ofFlow.running(-1);
    ofFlow.used(usage.inputTokens(), usage.outputTokens());
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
    var id = series.of(request).flowId();
    var priority = String.valueOf(request.flow().priority());
    enqueueDurations
        .labelValues(id, priority, outcome.label())
        .observe(tookNanos / NANOS_PER_SECOND);
  }

  @Override
  public void flowCollected(long sequence, long nowNanos, FlowKey flow) {
    var id = series.forget(flow);
    if (!id.isEmpty()) {
      var priority = String.valueOf(flow.priority());
      enqueueDurations.removeIf(
          labels -> labels.get(0).equals(id) && labels.get(1).equals(priority));
    }
  }

  @Override
  public void fault(long sequence, long nowNanos, String plugin, Throwable cause) {
    faults.labelValues(plugin).inc();
  }

  @Override
  public void failed(Source source, Throwable cause) {
    failures.labelValues(label(source)).inc();
  }

  private static String label(Source source) {
    return source.name().toLowerCase(Locale.ROOT);
  }
}
