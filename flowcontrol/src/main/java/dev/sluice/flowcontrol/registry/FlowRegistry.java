package dev.sluice.flowcontrol.registry;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.guard.Faults;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The stateful control plane: which bands, tenants, flows, queues and eligibility classes exist,
 * and what each holds. Flows are created by their first request and forgotten when idle; bands come
 * from the configuration, or from its templates on first use. Guarded by the core's lock;
 * single-threaded in itself.
 *
 * <p>Invariants, checked by {@link #checkInvariants}: the counts of a tenant, a band and the whole
 * are the sums of their flows' counts; a flow's queue is active iff it holds a request, a tenant's
 * iff one of its flows' is and the tenant is below its running limit; a flow is in the idle list
 * iff it has neither queued nor running requests.
 */
public final class FlowRegistry {
  /** Empty queues that a flow keeps for classes it may use again. */
  private static final int KEPT_QUEUES = 8;

  private final Faults faults;
  private final Consumer<EligibilityClass> classAdded;
  private final Consumer<EligibilityClass> classRetired;
  private final Map<FlowKey, Flow> flows = new HashMap<>();
  private final Map<String, Tenant> tenants = new LinkedHashMap<>();
  private final Map<Integer, Band> bandsByPriority = new HashMap<>();
  private final Map<Eligibility, EligibilityClass> classes = new HashMap<>();
  private final BitSet classIndexes = new BitSet();
  private int[] classQueues = new int[4];
  private FlowControlConfig config;
  private long flowIdleNanos;
  private long bandIdleNanos;
  private Band[] bands = {};
  private int[] priorities = {};
  private long activeBands;
  private long bandsVersion = 1;
  private boolean mayHaveEmptyBands;
  private int queuedRequests;
  private long queuedBytes;
  private long now;
  private long collectionNanos = Long.MAX_VALUE;
  private final IdleFlows idle = new IdleFlows();

  /** Starts with the configured bands and the class of requests that need nothing special. */
  public FlowRegistry(
      FlowControlConfig config,
      Faults faults,
      Consumer<EligibilityClass> classAdded,
      Consumer<EligibilityClass> classRetired,
      long nowNanos) {
    config(config);
    this.faults = faults;
    this.classAdded = classAdded;
    this.classRetired = classRetired;
    classFor(Eligibility.ANY);
    classQueues[0] = 1; // kept for ever
    createConfiguredBands(nowNanos);
  }

  private void config(FlowControlConfig newConfig) {
    config = newConfig;
    flowIdleNanos = newConfig.flowIdleTimeout().toNanos();
    bandIdleNanos = newConfig.bandIdleTimeout().toNanos();
  }

  /** The time of the operation that is under way, for policies. */
  public void nowNanos(long nanos) {
    now = nanos;
  }

  long nowNanos() {
    return now;
  }

  /** Queued requests in all. */
  public int queuedRequests() {
    return queuedRequests;
  }

  /** Queued bytes in all. */
  public long queuedBytes() {
    return queuedBytes;
  }

  /** The band of a rank; 0 is the most important. */
  public Band band(int rank) {
    return bands[rank];
  }

  /** Number of bands, at most 64. */
  public int bandCount() {
    return bands.length;
  }

  /** The bands by rank. */
  public List<Band> bands() {
    return List.of(bands);
  }

  /** The bands' priorities by rank; not to be changed. */
  public int[] priorities() {
    return priorities;
  }

  /** A number above 0 that grows when the bands change, so that who depends on them can tell. */
  public long bandsVersion() {
    return bandsVersion;
  }

  /** Bit r is set if the band of rank r has a queue that may be served. */
  public long activeBands() {
    return activeBands;
  }

  /** All flows, in no order. */
  public Collection<Flow> flows() {
    return flows.values();
  }

  /** All classes in use, in no order. */
  public Collection<EligibilityClass> classes() {
    return classes.values();
  }

  /**
   * The queue for a request, made on first use with its flow and band; null if the band does not
   * exist and {@value FlowControlConfig#MAX_BANDS} others do.
   */
  public @Nullable FlowQueue queueFor(FlowControlRequest request, long nowNanos) {
    var flow = flows.get(request.flow());
    if (flow == null) {
      var band = bandFor(request.flow().priority(), nowNanos);
      if (band == null) {
        return null;
      }
      var tenant =
          tenants.computeIfAbsent(request.tenant(), id -> new Tenant(id, config.tenant(id)));
      flow = new Flow(request.flow(), tenant.in(band));
      flow.bandTenant().flows(1);
      band.flowAdded();
      flows.put(flow.key(), flow);
      idle.know(flow);
      flow.restingSinceNanos(nowNanos);
      idle(flow, nowNanos);
    }
    var queue = flow.queueFor(request.eligibility());
    if (queue == null) {
      var needs = classFor(request.eligibility());
      var tenantQueue = flow.bandTenant().queue(flow.band().slot(needs));
      queue = new FlowQueue(flow, tenantQueue, flow.band().newQueue());
      tenantQueue.flowQueues(1);
      classQueues[needs.index()]++;
      flow.queues().add(queue);
    }
    return queue;
  }

  /** Books a request that has just been put into its queue, and makes the queue active. */
  public void added(FlowQueue queue, QueueItem item, long nowNanos) {
    var flow = queue.flow();
    notIdle(flow);
    if (flow.queuedRequests() == 0) {
      flow.drainRate().backlogBegan(nowNanos);
    }
    book(queue, 1, item);
    if (!queue.isActive()) {
      active(queue, true);
    } else if (item.equals(queue.head())) {
      flow.band().headChanged(queue);
    }
  }

  /** Books a request that has left its queue; an empty queue is active no longer. */
  public void removed(FlowQueue queue, QueueItem item, boolean wasHead, long nowNanos) {
    book(queue, -1, item);
    if (queue.size() == 0) {
      active(queue, false);
    } else if (wasHead && queue.isActive()) {
      queue.flow().band().headChanged(queue);
    }
    settle(queue.flow(), nowNanos);
  }

  /**
   * Books that a request has left its queue for a permit; the queue stays active until {@link
   * #started}.
   */
  public void left(FlowQueue queue, QueueItem item) {
    queue.picked();
    book(queue, -1, item);
  }

  /** Books the permit of a request that has {@link #left} its queue, or never was in it. */
  public void started(FlowQueue queue) {
    var flow = queue.flow();
    notIdle(flow);
    queue.running(1);
    flow.running(1);
    flow.bandTenant().running(1);
    flow.owner().running(1);
    if (queue.size() == 0 && queue.isActive()) {
      active(queue, false);
    }
    if (flow.owner().isAtRunningLimit()) {
      settle(flow.owner());
    }
  }

  /** Books a permit that came back. */
  public void returned(FlowQueue queue, long nowNanos) {
    var flow = queue.flow();
    var tenant = flow.owner();
    var wasBlocked = tenant.isAtRunningLimit();
    queue.running(-1);
    flow.running(-1);
    flow.bandTenant().running(-1);
    tenant.running(-1);
    if (wasBlocked) {
      settle(tenant);
    }
    settle(flow, nowNanos);
  }

  /** No idle flow or band may be forgotten before this; {@link Long#MAX_VALUE} for never. */
  public long collectionNanos() {
    return collectionNanos;
  }

  private long nextCollectionNanos(long nowNanos) {
    var wait = Long.MAX_VALUE;
    var firstIdle = idle.first();
    if (firstIdle != null) {
      wait = flowIdleNanos - (nowNanos - firstIdle.idleSinceNanos());
    }
    if (mayHaveEmptyBands) {
      for (var band : bands) {
        if (!band.isConfigured() && band.flows() == 0) {
          var bandWait = bandIdleNanos - (nowNanos - band.emptySinceNanos());
          wait = Math.min(wait, bandWait);
        }
      }
    }
    return wait == Long.MAX_VALUE ? wait : nowNanos + wait;
  }

  /**
   * Forgets at most {@code most} flows that have been idle for long, and bands of templates without
   * flows.
   */
  public void collect(long nowNanos, int most, Consumer<FlowKey> collected) {
    for (var i = 0; i < most; i++) {
      var flow = idle.first();
      if (flow == null || nowNanos - flow.idleSinceNanos() < flowIdleNanos) {
        break;
      }
      notIdle(flow);
      // What a flow owes is kept for a while, but not for ever: a band at rest never lets it off.
      var restedLong = nowNanos - flow.restingSinceNanos() >= bandIdleNanos;
      if (restedLong || flow.band().mayForget(flow)) {
        forget(flow, nowNanos);
        collected.accept(flow.key());
      } else {
        idle(flow, nowNanos);
      }
    }
    collectBands(nowNanos, bandIdleNanos);
    collectionNanos = nextCollectionNanos(nowNanos);
  }

  /**
   * Takes over a configuration. The caller has all queued items at hand, in the order of their
   * arrival, for bands whose queues or policies have to be made anew.
   */
  public void reconfigure(FlowControlConfig newConfig, Iterable<Queued> queued, long nowNanos) {
    config(newConfig);
    for (var band : bands.clone()) {
      reconfigure(band, queued);
    }
    bandsVersion++;
    mayHaveEmptyBands = true;
    if (bands.length + newConfig.bands().size() > FlowControlConfig.MAX_BANDS) {
      collectBands(nowNanos, 0);
    }
    createConfiguredBands(nowNanos);
    for (var tenant : tenants.values()) {
      tenant.config(newConfig.tenant(tenant.id()));
    }
    // In the order of arrival: who comes first must not depend on what flows are called.
    for (var entry : queued) {
      settle(entry.queue().flow().owner());
      entry.queue().flow().band().backlogChanged(entry.queue().flow());
    }
    collectionNanos = nextCollectionNanos(nowNanos);
  }

  /** A queued item with its queue, and a way to give it a new place in its flow's order. */
  public interface Queued {

    /** The item. */
    QueueItem item();

    /** Its queue. */
    FlowQueue queue();

    /** Computes its ordering key anew, by its band's present policy. */
    void reorder();
  }

  private void reconfigure(Band band, Iterable<Queued> queued) {
    var was = band.config();
    var now = config.band(band.priority());
    var sameFairness = now.fairness().equals(was.fairness());
    var sameQueues = now.queue().equals(was.queue()) && now.ordering().equals(was.ordering());
    var sameDisplacement = config.flowDisplacement().equals(band.displacementPlugin());
    var ofBand = new ArrayList<Queued>();
    if (!sameFairness || !sameQueues) {
      for (var entry : queued) {
        if (entry.queue().flow().band() == band) {
          ofBand.add(entry);
        }
      }
    }
    if (!sameFairness) {
      ofBand.forEach(entry -> active(entry.queue(), false));
    }
    band.config(now, config.bands().containsKey(band.priority()), config.flowDisplacement());
    for (var tenant : tenants.values()) {
      for (var inBand : tenant.bands()) {
        if (inBand.band() == band && !sameFairness) {
          inBand.newFairness();
        }
        if (inBand.band() == band && !sameDisplacement) {
          inBand.newDisplacement();
        }
      }
    }
    for (var flow : flows.values()) {
      if (flow.band() == band && !sameFairness) {
        flow.dispatchState(null);
        flow.queues().forEach(queue -> queue.dispatchState(null));
      }
      if (flow.band() == band && !sameDisplacement) {
        flow.displacementState(null);
      }
    }
    if (!sameQueues) {
      rebuildQueues(band, ofBand);
    }
    ofBand.forEach(entry -> active(entry.queue(), true));
  }

  private void rebuildQueues(Band band, List<Queued> ofBand) {
    for (var entry : ofBand) {
      try {
        entry.queue().queue().remove(entry.item());
      } catch (RuntimeException e) {
        band.queueFailed(e);
      }
    }
    for (var flow : flows.values()) {
      if (flow.band() == band) {
        flow.queues().forEach(queue -> queue.queue(band.newQueue()));
      }
    }
    for (var entry : ofBand) {
      entry.reorder();
      try {
        entry.queue().queue().add(entry.item());
      } catch (RuntimeException e) {
        band.queueFailed(e);
      }
    }
    for (var entry : ofBand) {
      if (entry.queue().isActive()) {
        band.headChanged(entry.queue());
      }
    }
  }

  /**
   * Gives a queue whose plugin failed a new, empty one of the same type. Its items are gone
   * already.
   */
  public void replaceFailed(FlowQueue queue) {
    queue.queue(queue.flow().band().newQueue());
  }

  /**
   * What the limit on all requests leaves to a band, where those of less important bands count as
   * free if they would give way.
   */
  long freeRequests(Band band) {
    if (config.maxRequests() == 0) {
      return Long.MAX_VALUE;
    }
    var free = config.maxRequests() - queuedRequests;
    if (config.displacement()) {
      for (var rank = band.rank() + 1; rank < bands.length; rank++) {
        free += bands[rank].queuedRequests();
      }
    }
    return free;
  }

  /** As {@link #freeRequests}, in bytes. */
  long freeBytes(Band band) {
    if (config.maxBytes() == 0) {
      return Long.MAX_VALUE;
    }
    var free = config.maxBytes() - queuedBytes;
    if (config.displacement()) {
      for (var rank = band.rank() + 1; rank < bands.length; rank++) {
        free += bands[rank].queuedBytes();
      }
    }
    return free;
  }

  private void active(FlowQueue queue, boolean nowActive) {
    var band = queue.flow().band();
    band.active(queue, nowActive);
    noteActivity(band);
  }

  /** Lets a tenant's queues wait, or go on, by its running limit. O(its bands and classes). */
  private void settle(Tenant tenant) {
    for (var inBand : tenant.bands()) {
      for (var queue : inBand.queues()) {
        inBand.band().settle(queue);
      }
      noteActivity(inBand.band());
    }
  }

  private void noteActivity(Band band) {
    var bit = 1L << band.rank();
    activeBands = band.hasActiveQueues() ? activeBands | bit : activeBands & ~bit;
  }

  /** Counts a request in, or with -1 out, wherever requests are counted. */
  private void book(FlowQueue queue, int requests, QueueItem item) {
    var bytes = requests * item.request().sizeBytes();
    var cost = requests * item.estimatedCost();
    var flow = queue.flow();
    var tenant = flow.bandTenant();
    var band = flow.band();
    queue.size(queue.size() + requests);
    queue.tenantQueue().size(requests);
    if (flow.queued(requests, bytes, cost)) {
      band.activeFlows(requests);
    }
    if (tenant.queued(requests, bytes, cost)) {
      band.activeTenants(requests);
    }
    flow.owner().queued(requests, bytes);
    band.queued(requests, bytes);
    queuedRequests += requests;
    queuedBytes += bytes;
    band.backlogChanged(flow);
  }

  /** Puts a flow with nothing to do on the idle list, and drops queues that it has too many of. */
  private void settle(Flow flow, long nowNanos) {
    if (flow.queues().size() > KEPT_QUEUES) {
      var queues = flow.queues();
      for (var i = queues.size() - 1; i >= 0 && queues.size() > KEPT_QUEUES; i--) {
        if (queues.get(i).isIdle()) {
          release(queues.remove(i));
        }
      }
    }
    if (flow.queuedRequests() == 0 && flow.runningRequests() == 0 && !flow.isIdle()) {
      flow.restingSinceNanos(nowNanos);
      idle(flow, nowNanos);
    }
  }

  private void forget(Flow flow, long nowNanos) {
    flows.remove(flow.key());
    idle.forget(flow);
    flow.queues().forEach(this::release);
    var inBand = flow.bandTenant();
    inBand.flows(-1);
    if (inBand.flows() == 0) {
      var tenant = flow.owner();
      tenant.bands().remove(inBand);
      if (tenant.bands().isEmpty()) {
        tenants.remove(tenant.id());
      }
    }
    flow.band().flowRemoved(nowNanos);
    mayHaveEmptyBands |= flow.band().flows() == 0;
  }

  private void release(FlowQueue queue) {
    var tenantQueue = queue.tenantQueue();
    tenantQueue.flowQueues(-1);
    if (tenantQueue.flowQueues() == 0) {
      tenantQueue.flow().queues().remove(tenantQueue);
    }
    var needs = queue.eligibilityClass();
    if (--classQueues[needs.index()] == 0) {
      classes.remove(needs.needs());
      classIndexes.clear(needs.index());
      for (var band : bands) {
        band.forget(needs);
      }
      classRetired.accept(needs);
    }
  }

  private EligibilityClass classFor(Eligibility needs) {
    var known = classes.get(needs);
    if (known != null) {
      return known;
    }
    var index = classIndexes.nextClearBit(0);
    classIndexes.set(index);
    if (index >= classQueues.length) {
      classQueues = Arrays.copyOf(classQueues, index * 2);
    }
    classQueues[index] = 0;
    var added = new EligibilityClass(index, needs);
    classes.put(needs, added);
    classAdded.accept(added);
    return added;
  }

  private @Nullable Band bandFor(int priority, long nowNanos) {
    var band = bandsByPriority.get(priority);
    if (band != null) {
      return band;
    }
    if (bands.length == FlowControlConfig.MAX_BANDS) {
      collectBands(nowNanos, 0);
      if (bands.length == FlowControlConfig.MAX_BANDS) {
        return null;
      }
    }
    return createBand(priority, nowNanos);
  }

  private void createConfiguredBands(long nowNanos) {
    for (var priority : config.bands().keySet().stream().sorted().toList()) {
      if (!bandsByPriority.containsKey(priority) && bands.length < FlowControlConfig.MAX_BANDS) {
        createBand(priority, nowNanos);
      }
    }
  }

  private Band createBand(int priority, long nowNanos) {
    BandConfig bandConfig = config.band(priority);
    var band =
        new Band(
            this,
            faults,
            priority,
            bandConfig,
            config.bands().containsKey(priority),
            config.flowDisplacement());
    band.emptySinceNanos(nowNanos);
    bandsByPriority.put(priority, band);
    mayHaveEmptyBands = true;
    rank();
    return band;
  }

  /** Forgets bands of templates that have had no flow for {@code idleNanos}. */
  private void collectBands(long nowNanos, long idleNanos) {
    if (!mayHaveEmptyBands) {
      return;
    }
    var kept = false;
    var removed = false;
    for (var band : bands) {
      if (band.isConfigured() || band.flows() > 0) {
        continue;
      }
      if (nowNanos - band.emptySinceNanos() >= idleNanos) {
        bandsByPriority.remove(band.priority());
        removed = true;
      } else {
        kept = true;
      }
    }
    mayHaveEmptyBands = kept;
    if (removed) {
      rank();
    }
  }

  private void rank() {
    bandsVersion++;
    bands =
        bandsByPriority.values().stream()
            .sorted(Comparator.comparingInt(Band::priority).reversed())
            .toArray(Band[]::new);
    priorities = new int[bands.length];
    activeBands = 0;
    for (var rank = 0; rank < bands.length; rank++) {
      bands[rank].rank(rank);
      priorities[rank] = bands[rank].priority();
      if (bands[rank].hasActiveQueues()) {
        activeBands |= 1L << rank;
      }
    }
  }

  private void idle(Flow flow, long nowNanos) {
    flow.idle(true, nowNanos);
    idle.add(flow);
    if (idle.first() == flow) {
      var due = nowNanos + flowIdleNanos;
      if (collectionNanos == Long.MAX_VALUE || due - collectionNanos < 0) {
        collectionNanos = due;
      }
    }
  }

  private void notIdle(Flow flow) {
    if (flow.isIdle()) {
      idle.remove(flow);
      flow.idle(false, 0);
    }
  }

  /**
   * Recomputes every count from the flows; throws {@link AssertionError} where one is wrong.
   * O(flows).
   */
  public void checkInvariants() {
    var total = 0;
    var totalBytes = 0L;
    var idleFlows = 0;
    var byBand = new HashMap<Band, int[]>();
    var byTenant = new HashMap<Tenant, int[]>();
    for (var flow : flows.values()) {
      total += flow.queuedRequests();
      totalBytes += flow.queuedBytes();
      var size = 0;
      for (var queue : flow.queues()) {
        size += queue.size();
        expect(queue.queue().size() == queue.size(), "size of a queue of " + flow.key());
        expect(queue.isActive() == queue.size() > 0, "activity of a queue of " + flow.key());
      }
      expect(size == flow.queuedRequests(), "queued requests of " + flow.key());
      var busy = flow.queuedRequests() > 0 || flow.runningRequests() > 0;
      expect(flow.isIdle() != busy, "idleness of " + flow.key());
      idleFlows += flow.isIdle() ? 1 : 0;
      byBand.computeIfAbsent(flow.band(), b -> new int[3])[0] += flow.queuedRequests();
      byBand.get(flow.band())[1] += flow.queuedRequests() > 0 ? 1 : 0;
      byBand.get(flow.band())[2]++;
      byTenant.computeIfAbsent(flow.owner(), t -> new int[2])[0] += flow.queuedRequests();
      byTenant.get(flow.owner())[1] += flow.runningRequests();
    }
    expect(total == queuedRequests, "queued requests in all");
    expect(totalBytes == queuedBytes, "queued bytes in all");
    for (var band : bands) {
      var counts = byBand.getOrDefault(band, new int[3]);
      expect(counts[0] == band.queuedRequests(), "queued requests of band " + band.priority());
      expect(counts[1] == band.activeFlows(), "active flows of band " + band.priority());
      expect(counts[2] == band.flows(), "flows of band " + band.priority());
      var active = (activeBands & (1L << band.rank())) != 0;
      expect(active == band.hasActiveQueues(), "activity of band " + band.priority());
    }
    for (var tenant : tenants.values()) {
      var counts = byTenant.getOrDefault(tenant, new int[2]);
      expect(counts[0] == tenant.queuedRequests(), "queued requests of tenant " + tenant.id());
      expect(counts[1] == tenant.runningRequests(), "running requests of tenant " + tenant.id());
      tenant.bands().forEach(this::checkInvariants);
    }
    expect(idle.count() == idleFlows, "length of the idle list");
  }

  private void checkInvariants(BandTenant inBand) {
    var who = inBand.key();
    var counted = new int[3];
    var queues = new HashMap<TenantQueue, int[]>();
    for (var flow : flows.values()) {
      if (flow.bandTenant() == inBand) {
        counted[0]++;
        counted[1] += flow.queuedRequests();
        counted[2] += flow.runningRequests();
        for (var queue : flow.queues()) {
          var counts = queues.computeIfAbsent(queue.tenantQueue(), key -> new int[3]);
          counts[0]++;
          counts[1] += queue.size();
          counts[2] += queue.size() > 0 ? 1 : 0;
        }
      }
    }
    expect(counted[0] == inBand.flows(), "flows of " + who);
    expect(counted[1] == inBand.queuedRequests(), "queued requests of " + who);
    expect(counted[2] == inBand.runningRequests(), "running requests of " + who);
    expect(queues.size() == inBand.queues().size(), "queues of " + who);
    for (var queue : inBand.queues()) {
      var counts = queues.getOrDefault(queue, new int[3]);
      expect(counts[0] == queue.flowQueues(), "flows' queues of " + who);
      expect(counts[1] == queue.size(), "size of a queue of " + who);
      expect(counts[2] == queue.queuesWithRequests(), "queues with requests of " + who);
      var active = counts[2] > 0 && !inBand.owner().isAtRunningLimit();
      expect(active == queue.isActive(), "activity of a queue of " + who);
    }
  }

  private static void expect(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError("wrong: " + what);
    }
  }
}
