package dev.sluice.flowcontrol.plugins.fairness;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.FlowQueueView;
import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.structures.ClassTable;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Upstream's least attained service: the flow that got the least service lately goes first, and a
 * long wait counts a little. The policy is there for migrations from upstream and for comparison;
 * it has no fairness bound. Type {@code program-aware}, upstream {@code program-aware-fairness}.
 * Runs under the core's lock.
 *
 * <pre>
 *   service   halves every lasHalfLifeSeconds; a request's cost is added when it ends, none before
 *   wait      of the queue's head, in whole milliseconds
 *   norm(x)   (x - min) / (max - min) over the candidates, 0.5 if all are equal
 *   next      largest lasWeightService * (1 - norm(service)) + lasWeightHeadWait * norm(wait)
 * </pre>
 *
 * <p>Each choice is O(active queues), as in upstream, because the formula compares all candidates.
 * Of equal candidates the first to become active goes; upstream leaves this to chance. The
 * candidates are the queues of one eligibility class, and attained service is kept for each band.
 */
public final class ProgramAware implements InterFlowDispatchPolicy {
  private static final double NANOS_PER_SECOND = 1e9;
  private static final double NANOS_PER_MILLI = 1e6;

  /**
   * Parameters of {@code program-aware}, as upstream has them. Immutable.
   *
   * @param strategy the rule of the order between programs; {@code las}, least attained service, is
   *     the only one
   * @param evictionTtlSeconds the time in seconds for which the attained service of an idle flow is
   *     remembered, at least 0; 0 means as long as the engine remembers the flow. Raise it if
   *     programs pause for longer
   * @param evictionSweepSeconds accepted for upstream's configurations, in seconds, above 0, and
   *     without effect, because nothing has to be swept
   * @param lasWeightService the weight of a small attained service, a number without unit, at least
   *     0. Raise it to favour new and small programs
   * @param lasWeightHeadWait the weight of the wait of a flow's first request, a number without
   *     unit, at least 0. Raise it if large programs wait too long
   * @param lasHalfLifeSeconds the time in seconds after which attained service counts half, at
   *     least 0; 0 means that it never decays. Lower it to forgive past use sooner
   */
  public record Parameters(
      String strategy,
      double evictionTtlSeconds,
      double evictionSweepSeconds,
      double lasWeightService,
      double lasWeightHeadWait,
      double lasHalfLifeSeconds) {

    /** Upstream's defaults. */
    public static final Parameters DEFAULT = new Parameters("las", 3_600, 300, 0.8, 0.2, 60);

    /** Rejects values outside their ranges. */
    public Parameters {
      if (!strategy.isEmpty() && !strategy.equals("las")) {
        throw new IllegalArgumentException(
            "unknown scoring strategy \"" + strategy + "\": only \"las\" is supported");
      }
      notNegative("evictionTtlSeconds", evictionTtlSeconds);
      if (!(evictionSweepSeconds > 0)) {
        throw new IllegalArgumentException(
            "evictionSweepSeconds: got " + evictionSweepSeconds + ", allowed above 0");
      }
      notNegative("lasWeightService", lasWeightService);
      notNegative("lasWeightHeadWait", lasWeightHeadWait);
      notNegative("lasHalfLifeSeconds", lasHalfLifeSeconds);
    }

    private static void notNegative(String name, double value) {
      if (!(value >= 0)) {
        throw new IllegalArgumentException(name + ": got " + value + ", allowed >= 0");
      }
    }
  }

  private static final class Flow {
    double service;
    long asOfNanos;
    long lastEndNanos;
  }

  private final Parameters parameters;
  private final ClassTable<LinkedHashSet<FlowQueueView>> active =
      new ClassTable<>(LinkedHashSet::new);
  private final Records<Flow, FlowQueueView> records =
      new Records<>(flow -> new Flow(), queue -> queue);
  private long latestNanos = Long.MIN_VALUE;

  /** Makes a policy for one level: the tenants of a band, or the flows of a tenant. */
  public ProgramAware(Parameters parameters) {
    this.parameters = parameters;
  }

  @Override
  public void activated(FlowQueueView queue) {
    active.of(queue.eligibilityClass()).add(queue);
  }

  @Override
  public void deactivated(FlowQueueView queue) {
    active.of(queue.eligibilityClass()).remove(queue);
  }

  @Override
  public @Nullable FlowQueueView next(EligibilityClass needs, long nowNanos) {
    return best(active.of(needs), nowNanos);
  }

  @Override
  public boolean precedes(FlowQueueView a, FlowQueueView b, long nowNanos) {
    return best(List.of(b, a), nowNanos) == a;
  }

  private @Nullable FlowQueueView best(Iterable<FlowQueueView> candidates, long nowNanos) {
    latestNanos = nowNanos;
    var leastService = Double.POSITIVE_INFINITY;
    var mostService = 0.0;
    var leastWait = Double.POSITIVE_INFINITY;
    var mostWait = 0.0;
    for (var queue : candidates) {
      var service = service(queue.flow(), nowNanos);
      leastService = Math.min(leastService, service);
      mostService = Math.max(mostService, service);
      var wait = headWaitMillis(queue, nowNanos);
      leastWait = Math.min(leastWait, wait);
      mostWait = Math.max(mostWait, wait);
    }
    FlowQueueView best = null;
    var bestScore = Double.NEGATIVE_INFINITY;
    for (var queue : candidates) {
      var service = norm(service(queue.flow(), nowNanos), leastService, mostService);
      var wait = norm(headWaitMillis(queue, nowNanos), leastWait, mostWait);
      var score =
          parameters.lasWeightService() * (1 - service) + parameters.lasWeightHeadWait() * wait;
      if (score > bestScore) {
        best = queue;
        bestScore = score;
      }
    }
    return best;
  }

  private static double norm(double value, double least, double most) {
    return most == least ? 0.5 : (value - least) / (most - least);
  }

  private static double headWaitMillis(FlowQueueView queue, long nowNanos) {
    var head = queue.head();
    return head == null
        ? 0
        : Math.floor(Math.max(0, nowNanos - head.enqueuedAtNanos()) / NANOS_PER_MILLI);
  }

  @Override
  public void dispatched(FlowQueueView queue, long cost) {}

  @Override
  public void dispatchedAtOnce(FlowQueueView queue, long cost) {}

  @Override
  public void completed(FlowView view, long cost, long nowNanos) {
    latestNanos = nowNanos;
    var flow = records.of(view);
    flow.service = service(view, nowNanos) + cost;
    flow.asOfNanos = nowNanos;
    flow.lastEndNanos = nowNanos;
  }

  private double service(FlowView view, long nowNanos) {
    var flow = records.of(view);
    if (flow.service == 0 || parameters.lasHalfLifeSeconds() == 0) {
      return flow.service;
    }
    var age = (nowNanos - flow.asOfNanos) / NANOS_PER_SECOND;
    return flow.service * Math.pow(2, -age / parameters.lasHalfLifeSeconds());
  }

  @Override
  public boolean mayForget(FlowView view) {
    var flow = records.of(view);
    var ttl = parameters.evictionTtlSeconds();
    return flow.service == 0
        || ttl == 0
        || (latestNanos - flow.lastEndNanos) / NANOS_PER_SECOND > ttl;
  }
}
