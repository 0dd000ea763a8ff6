package dev.sluice.flowcontrol.registry;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Forgets idle flows and unused bands: first flows, in the order in which they went idle, then the
 * bands of templates that no flow uses. A flow is idle while it has neither queued nor running
 * requests.
 *
 * <p>If an idle flow owes service, a fairness policy may keep it. Then the flow goes to the end of
 * the list, and the policy is asked again later. A flow that has rested for as long as the timeout
 * of bands is forgotten in any case, because a band without requests never lets a flow pay.
 *
 * <p>Guarded by the core's lock.
 */
final class Collector {
  private static final long NEVER = Long.MAX_VALUE;

  private final FlowRegistry registry;
  private final Bands bands;
  private final IdleFlows idle = new IdleFlows();
  private long flowIdleNanos;
  private long bandIdleNanos;
  private long dueNanos = NEVER;

  /** A collector that knows no flow. */
  Collector(FlowRegistry registry, Bands bands, FlowControlConfig config) {
    this.registry = registry;
    this.bands = bands;
    reconfigure(config);
  }

  void reconfigure(FlowControlConfig config) {
    flowIdleNanos = config.flowIdleTimeout().toNanos();
    bandIdleNanos = config.bandIdleTimeout().toNanos();
  }

  /** Before this time there is nothing to forget; {@link Long#MAX_VALUE} for never. */
  long dueNanos() {
    return dueNanos;
  }

  /** Finds {@link #dueNanos} again after idle flows, bands or timeouts changed. */
  void findDue(long nowNanos) {
    var wait = bands.nanosToCollection(nowNanos, bandIdleNanos);
    var first = idle.first();
    if (first != null) {
      wait = Math.min(wait, flowIdleNanos - (nowNanos - first.idleSinceNanos()));
    }
    dueNanos = wait == NEVER ? NEVER : nowNanos + wait;
  }

  /** Starts to watch a new flow, which is idle until its first request is booked. */
  void add(Flow flow, long nowNanos) {
    idle.know(flow);
    rest(flow, nowNanos);
  }

  /** Notes that a flow has nothing to do from now on. */
  void rest(Flow flow, long nowNanos) {
    flow.setRestingSince(nowNanos);
    append(flow, nowNanos);
  }

  private void append(Flow flow, long nowNanos) {
    flow.setIdle(true, nowNanos);
    idle.add(flow);
    if (idle.first() == flow) {
      var due = nowNanos + flowIdleNanos;
      if (dueNanos == NEVER || due - dueNanos < 0) {
        dueNanos = due;
      }
    }
  }

  /** Notes that a flow has something to do. */
  void wake(Flow flow) {
    if (flow.isIdle()) {
      idle.remove(flow);
      flow.setIdle(false, 0);
    }
  }

  /**
   * Forgets flows and bands whose time has come.
   *
   * @param most looks at this many flows at most
   * @param collected is told of each forgotten flow
   */
  void collect(long nowNanos, int most, Consumer<FlowKey> collected) {
    for (var i = 0; i < most; i++) {
      var flow = idle.first();
      if (flow == null || nowNanos - flow.idleSinceNanos() < flowIdleNanos) {
        break;
      }
      wake(flow);
      var restedLong = nowNanos - flow.restingSinceNanos() >= bandIdleNanos;
      if (restedLong || flow.band().mayForget(flow)) {
        idle.forget(flow);
        registry.forget(flow, nowNanos);
        collected.accept(flow.key());
      } else {
        append(flow, nowNanos);
      }
    }
    bands.collect(nowNanos, bandIdleNanos);
    findDue(nowNanos);
  }

  /** All flows, idle or not, in an array of the caller's own, with gaps. */
  @Nullable Flow[] copyOfFlows() {
    return idle.copyOfKnown();
  }

  /** Number of idle flows. O(flows). */
  int idleFlows() {
    return idle.count();
  }
}
