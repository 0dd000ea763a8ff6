package dev.sluice.flowcontrol.registry;

import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.Shares;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Checks the invariants that {@link FlowRegistry} states: it counts everything again from the flows
 * and their queues, and compares. For tests. O(flows * tenants).
 */
final class RegistryInvariants {
  private final Collection<Flow> flows;
  private final Collection<Tenant> tenants;
  private final Bands bands;

  /** The counts of one holder: the sums over its flows. */
  private static final class Counts {
    private int flows;
    private int activeFlows;
    private int activeTenants;
    private int requests;
    private long bytes;
    private long cost;
    private int running;

    void add(Flow flow) {
      flows++;
      activeFlows += flow.queuedRequests() > 0 ? 1 : 0;
      requests += flow.queuedRequests();
      bytes += flow.queuedBytes();
      cost += flow.queuedCost();
      running += flow.runningRequests();
    }

    void expectBacklog(Backlog backlog, String holder) {
      expect(requests == backlog.queuedRequests(), "queued requests of " + holder);
      expect(bytes == backlog.queuedBytes(), "queued bytes of " + holder);
      expect(cost == backlog.queuedCost(), "queued cost of " + holder);
    }
  }

  /** The counts of one tenant's queue: the sums over the flows' queues. */
  private static final class QueueCounts {
    private int queues;
    private int queuesWithRequests;
    private int requests;
  }

  RegistryInvariants(Collection<Flow> flows, Collection<Tenant> tenants, Bands bands) {
    this.flows = flows;
    this.tenants = tenants;
    this.bands = bands;
  }

  /** Throws {@link AssertionError} if an invariant does not hold. */
  void check(int idleFlows) {
    var all = new Counts();
    var byBand = new HashMap<Band, Counts>();
    var byTenant = new HashMap<Tenant, Counts>();
    var idle = 0;
    for (var flow : flows) {
      check(flow);
      idle += flow.isIdle() ? 1 : 0;
      all.add(flow);
      byBand.computeIfAbsent(flow.band(), key -> new Counts()).add(flow);
      byTenant.computeIfAbsent(flow.tenant(), key -> new Counts()).add(flow);
    }
    all.expectBacklog(bands.total(), "everything");
    expect(idleFlows == idle, "length of the list of idle flows");
    for (var tenant : tenants) {
      var counts = byTenant.getOrDefault(tenant, new Counts());
      counts.expectBacklog(tenant, "tenant " + tenant.id());
      expect(
          counts.running == tenant.runningRequests(), "running requests of tenant " + tenant.id());
      expect(
          tenant.bands().stream().mapToInt(part -> part.queues().size()).sum() == tenant.queues(),
          "queues of tenant " + tenant.id());
      for (var bandTenant : tenant.bands()) {
        check(bandTenant);
        byBand.computeIfAbsent(bandTenant.band(), key -> new Counts()).activeTenants +=
            bandTenant.queuedRequests() > 0 ? 1 : 0;
      }
    }
    for (var band : bands.list()) {
      check(band, byBand.getOrDefault(band, new Counts()));
    }
  }

  private static void check(Flow flow) {
    var requests = 0;
    for (var queue : flow.queues()) {
      requests += queue.size();
      expect(queue.items().size() == queue.size(), "size of a queue of " + flow.key());
      expect(queue.isActive() == queue.size() > 0, "activity of a queue of " + flow.key());
    }
    expect(requests == flow.queuedRequests(), "queued requests of " + flow.key());
    var busy = flow.queuedRequests() > 0 || flow.runningRequests() > 0;
    expect(flow.isIdle() != busy, "idleness of " + flow.key());
  }

  private void check(Band band, Counts counts) {
    var name = "band " + band.priority();
    counts.expectBacklog(band, name);
    expect(counts.flows == band.flows(), "flows of " + name);
    expect(counts.activeFlows == band.activeFlows(), "active flows of " + name);
    expect(counts.activeTenants == band.activeTenants(), "active tenants of " + name);
    var active = (bands.active() & (1L << band.rank())) != 0;
    expect(active == band.hasActiveQueues(), "activity of " + name);
    var isActive = counts.activeTenants > 0;
    expect((band.fullestByRequests() != null) == isActive, "fullest by requests of " + name);
    expect((band.fullestByBytes() != null) == isActive, "fullest by bytes of " + name);
  }

  private void check(BandTenant bandTenant) {
    var name = bandTenant.key().toString();
    var counts = new Counts();
    var queues = new HashMap<TenantQueue, QueueCounts>();
    for (var flow : flows) {
      if (flow.bandTenant() == bandTenant) {
        counts.add(flow);
        flow.queues().forEach(queue -> count(queue, queues));
      }
    }
    counts.expectBacklog(bandTenant, name);
    if (counts.requests > 0) {
      expect(
          requestsLeft(bandTenant.band().fullestByRequests()) >= requestsLeft(bandTenant),
          "fullest by requests, which has less than " + name);
      expect(
          bytesLeft(bandTenant.band().fullestByBytes()) >= bytesLeft(bandTenant),
          "fullest by bytes, which has less than " + name);
    }
    expect(counts.flows == bandTenant.flows(), "flows of " + name);
    expect(counts.running == bandTenant.runningRequests(), "running requests of " + name);
    expect(queues.size() == bandTenant.queues().size(), "queues of " + name);
    for (var queue : bandTenant.queues()) {
      var ofQueue = queues.getOrDefault(queue, new QueueCounts());
      expect(ofQueue.queues == queue.flowQueues(), "flows' queues of " + name);
      expect(ofQueue.requests == queue.size(), "size of a queue of " + name);
      expect(
          ofQueue.queuesWithRequests == queue.queuesWithRequests(),
          "queues with requests of " + name);
      var active = ofQueue.queuesWithRequests > 0 && !bandTenant.tenant().isAtRunningLimit();
      expect(active == queue.isActive(), "activity of a queue of " + name);
    }
  }

  private static double requestsLeft(@Nullable FlowView holder) {
    return holder == null ? -1 : Shares.leftRequests(holder) / holder.weight();
  }

  private static double bytesLeft(@Nullable FlowView holder) {
    return holder == null ? -1 : Shares.leftBytes(holder) / holder.weight();
  }

  private static void count(FlowQueue queue, Map<TenantQueue, QueueCounts> byTenantQueue) {
    var counts = byTenantQueue.computeIfAbsent(queue.tenantQueue(), key -> new QueueCounts());
    counts.queues++;
    counts.queuesWithRequests += queue.size() > 0 ? 1 : 0;
    counts.requests += queue.size();
  }

  private static void expect(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError("wrong: " + what);
    }
  }
}
