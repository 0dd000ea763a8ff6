package dev.sluice.flowcontrol.registry;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.guard.Faults;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The stateful control plane: the bands, tenants, flows, queues and eligibility classes that exist,
 * and the counts of each. Flows are created by their first request and forgotten when idle; bands
 * come from the configuration, or from its templates on first use. Guarded by the core's lock;
 * single-threaded in itself.
 *
 * <p>Invariants, checked by {@link #checkInvariants}:
 *
 * <ul>
 *   <li>The counts of a tenant, a band and the total are the sums of their flows' counts.
 *   <li>A flow's queue is active iff it holds a request. A tenant's queue is active iff one of its
 *       flows' queues is, and the tenant is below its running limit.
 *   <li>A flow is in the list of idle flows iff it has neither queued nor running requests.
 * </ul>
 */
public final class FlowRegistry {
  private final Map<FlowKey, Flow> flows = new HashMap<>();
  private final Map<String, Tenant> tenants = new LinkedHashMap<>();
  private final Bands bands;
  private final FlowQueues queues;
  private final Collector collector;
  private FlowControlConfig config;

  /** Starts with the configured bands and the class of requests that need nothing special. */
  public FlowRegistry(
      FlowControlConfig config,
      Faults faults,
      Consumer<EligibilityClass> classAdded,
      Consumer<EligibilityClass> classRetired,
      long nowNanos) {
    this.config = config;
    bands = new Bands(config, faults);
    collector = new Collector(this, bands, config);
    queues = new FlowQueues(bands, classAdded, classRetired);
    bands.createConfigured(nowNanos);
  }

  /** Sets the time of the operation that is under way, for policies. */
  public void advanceTo(long nanos) {
    bands.advanceTo(nanos);
  }

  // Bands, flows, tenants and classes

  /** The band of a rank; 0 is the most important. */
  public Band band(int rank) {
    return bands.at(rank);
  }

  /** Number of bands, at most {@value FlowControlConfig#MAX_BANDS}. */
  public int bandCount() {
    return bands.count();
  }

  /** The bands by rank. */
  public List<Band> bands() {
    return bands.list();
  }

  /** The bands' priorities by rank. Callers must not change the array. */
  public int[] priorities() {
    return bands.priorities();
  }

  /** A number above 0 that grows when the bands change. */
  public long bandsVersion() {
    return bands.version();
  }

  /** Bit r is set if the band of rank r has a queue that may be served. */
  public long activeBands() {
    return bands.active();
  }

  /** All flows, in no order. */
  public Collection<Flow> flows() {
    return flows.values();
  }

  /** All flows in an array of the caller's own, with gaps. A copy of references: fast. */
  public @Nullable Flow[] copyOfFlows() {
    return collector.copyOfFlows();
  }

  /** Whether the flow has not been forgotten. */
  public boolean has(Flow flow) {
    return flows.get(flow.key()) == flow;
  }

  /** All tenants, in the order of their first requests. */
  Collection<Tenant> tenants() {
    return tenants.values();
  }

  /** All classes in use, in no order. */
  public Collection<EligibilityClass> classes() {
    return queues.classes();
  }

  // Look-up, with creation on first use

  /**
   * The queue for a request, made on first use with its flow and band, and pinned until {@link
   * #done}. Null if there is a {@link #classLimit}, or if the band does not exist and there are
   * {@value FlowControlConfig#MAX_BANDS} bands already.
   */
  public @Nullable FlowQueue queueFor(FlowControlRequest request, long nowNanos) {
    var flow = flows.get(request.flow());
    if (flow == null) {
      flow = createFlow(request, nowNanos);
      if (flow == null) {
        return null;
      }
    }
    var queue = flow.queueFor(request.eligibility());
    if (queue == null) {
      queue = queues.create(flow, request.eligibility());
    }
    if (queue != null) {
      queue.pin();
    }
    return queue;
  }

  /** Ends the use of a queue that {@link #queueFor} gave out. */
  public void done(FlowQueue queue) {
    queues.unpin(queue);
  }

  /** The limit on eligibility classes because of which a request has no queue, or null. */
  public @Nullable ClassLimit classLimit(FlowControlRequest request) {
    var flow = flows.get(request.flow());
    return flow == null ? null : queues.limit(flow, request.eligibility());
  }

  private @Nullable Flow createFlow(FlowControlRequest request, long nowNanos) {
    var band = bands.ofPriority(request.flow().priority(), nowNanos);
    if (band == null) {
      return null;
    }
    var tenant = tenants.computeIfAbsent(request.tenant(), id -> new Tenant(id, config.tenant(id)));
    var flow = new Flow(request.flow(), tenant.in(band));
    flow.bandTenant().addFlow(flow);
    band.addFlow();
    flows.put(flow.key(), flow);
    collector.add(flow, nowNanos);
    return flow;
  }

  // Booking

  /** Queued requests in total. */
  public int queuedRequests() {
    return bands.total().queuedRequests();
  }

  /** Queued bytes in total. */
  public long queuedBytes() {
    return bands.total().queuedBytes();
  }

  /** The estimated cost of all queued requests, in units of {@code Cost}. */
  public long queuedCost() {
    return bands.total().queuedCost();
  }

  /** Books a request that has just been put into its queue, and makes the queue active. */
  public void added(FlowQueue queue, QueueItem item) {
    var flow = queue.flow();
    collector.wake(flow);
    book(queue, 1, item);
    if (!queue.isActive()) {
      setActive(queue, true);
    } else if (item.equals(queue.head())) {
      flow.band().headChanged(queue);
    }
  }

  /** Books a request that has left its queue without a permit. An empty queue is not active. */
  public void removed(FlowQueue queue, QueueItem item, boolean wasHead, long nowNanos) {
    book(queue, -1, item);
    if (queue.size() == 0) {
      setActive(queue, false);
    } else if (wasHead && queue.isActive()) {
      queue.flow().band().headChanged(queue);
    }
    tidy(queue, nowNanos);
  }

  /**
   * Books that a request has left its queue for a permit. The queue stays active until {@link
   * #started}.
   */
  public void left(FlowQueue queue, QueueItem item) {
    queue.countPick();
    book(queue, -1, item);
  }

  /** Books the permit of a request that has {@link #left} its queue or was never in it. */
  public void started(FlowQueue queue) {
    var tenant = queue.flow().tenant();
    collector.wake(queue.flow());
    bookRunning(queue, 1);
    if (queue.size() == 0 && queue.isActive()) {
      setActive(queue, false);
    }
    if (tenant.isAtRunningLimit()) {
      applyRunningLimit(tenant);
    }
  }

  /** Books a permit that came back. */
  public void returned(FlowQueue queue, long nowNanos) {
    var tenant = queue.flow().tenant();
    var wasAtLimit = tenant.isAtRunningLimit();
    bookRunning(queue, -1);
    if (wasAtLimit) {
      applyRunningLimit(tenant);
    }
    tidy(queue, nowNanos);
  }

  /** Counts a queued request in, or with -1 out, for all its holders. */
  private void book(FlowQueue queue, int requests, QueueItem item) {
    var flow = queue.flow();
    var bytes = requests * item.request().sizeBytes();
    var cost = requests * item.estimatedCost();
    queue.addSize(requests);
    flow.book(requests, bytes, cost);
    flow.tenant().book(requests, bytes, cost);
    flow.band().booked(flow, requests);
  }

  /** Counts a permit in, or with -1 out, for all holders that need that count. */
  private static void bookRunning(FlowQueue queue, int requests) {
    var flow = queue.flow();
    queue.addRunning(requests);
    flow.addRunning(requests);
    flow.bandTenant().addRunning(requests);
    flow.tenant().addRunning(requests);
  }

  // Running limits

  void setActive(FlowQueue queue, boolean nowActive) {
    queue.tenantQueue().setActive(queue, nowActive);
    bands.updateActive(queue.flow().band());
  }

  /** Makes a tenant's queues active or not by its running limit. O(its bands and classes). */
  void applyRunningLimit(Tenant tenant) {
    for (var bandTenant : tenant.bands()) {
      for (var queue : bandTenant.queues()) {
        bandTenant.band().updateActive(queue);
      }
      bands.updateActive(bandTenant.band());
    }
  }

  // Reconfiguration and forgetting

  /** A queued item with its queue, and a way to give it a new place in its flow's order. */
  public interface Queued {

    /** The item. */
    QueueItem item();

    /** The queue that holds the item. */
    FlowQueue queue();

    /** Computes the item's ordering key again, by the present policy of its band. */
    void reorder();
  }

  /**
   * Takes over a configuration.
   *
   * @param queued all queued requests, in the order of their arrival, for bands whose queues or
   *     policies are made again
   */
  public void reconfigure(FlowControlConfig newConfig, Iterable<Queued> queued, long nowNanos) {
    config = newConfig;
    collector.reconfigure(newConfig);
    new Reconfiguration(this, bands, newConfig, queued).apply(nowNanos);
    collector.findDue(nowNanos);
  }

  /** Before this time no flow or band can be forgotten; {@link Long#MAX_VALUE} for never. */
  public long collectionNanos() {
    return collector.dueNanos();
  }

  /**
   * Forgets flows that have been idle for long, and bands of templates that have had no flow for
   * long.
   *
   * @param most forgets this many flows at most
   * @param collected is told of each forgotten flow
   */
  public void collect(long nowNanos, int most, Consumer<FlowKey> collected) {
    collector.collect(nowNanos, most, collected);
  }

  /** Drops the queue if it is idle and one too many, and notes if the flow has nothing to do. */
  private void tidy(FlowQueue queue, long nowNanos) {
    var flow = queue.flow();
    queues.tidy(queue);
    if (flow.queuedRequests() == 0 && flow.runningRequests() == 0 && !flow.isIdle()) {
      collector.rest(flow, nowNanos);
    }
  }

  /** Removes a flow that is not in the list of idle flows, and its tenant with its last flow. */
  void forget(Flow flow, long nowNanos) {
    flows.remove(flow.key());
    flow.queues().forEach(queues::release);
    flow.bandTenant().removeFlow();
    if (flow.tenant().bands().isEmpty()) {
      tenants.remove(flow.tenant().id());
    }
    flow.band().removeFlow(nowNanos);
    if (flow.band().flows() == 0) {
      bands.noteEmpty();
    }
  }

  /** Throws {@link AssertionError} if an invariant does not hold. For tests. */
  public void checkInvariants() {
    new RegistryInvariants(flows(), tenants(), bands).check(collector.idleFlows());
  }
}
