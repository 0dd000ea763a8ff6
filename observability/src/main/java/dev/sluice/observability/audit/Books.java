package dev.sluice.observability.audit;

import dev.sluice.flowcontrol.config.TenantConfig;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.observability.audit.Event.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The auditor's own record of the requests that wait and run. It checks each event against this
 * record, and then books it. Events must come in the order of the decisions. Not thread-safe.
 */
final class Books {
  private static final int KEPT_FINDINGS = 20;

  /** What a tenant, or a flow of one tenant, has waiting at a priority. */
  private record Holder(int priority, String tenant, String flow) {
    static Holder tenantOf(FlowControlRequest request) {
      return new Holder(request.flow().priority(), request.tenant(), "");
    }

    static Holder flowOf(FlowControlRequest request) {
      return new Holder(request.flow().priority(), request.tenant(), request.flow().id());
    }
  }

  /** The requests that a holder has waiting, and their bytes. */
  private record Backlog(long requests, long bytes) {
    static final Backlog NONE = new Backlog(0, 0);

    Backlog plus(Backlog more) {
      return new Backlog(requests + more.requests, bytes + more.bytes);
    }
  }

  private static final double ROUNDING = 1e-9;

  private final Function<String, TenantConfig> tenants;
  private final Map<FlowControlRequest, Integer> waiting = new HashMap<>();
  private final Map<FlowControlRequest, Integer> running = new HashMap<>();
  private final Map<Eligibility, TreeMap<Integer, Map<String, Integer>>> waitingTenants =
      new HashMap<>();
  private final TreeMap<Integer, Integer> waitingByPriority = new TreeMap<>();
  private final Map<Holder, Backlog> backlogs = new HashMap<>();
  private final Map<String, Integer> runningByTenant = new HashMap<>();

  /** A request that gave way, and the lowest priority that waited then; null if none did. */
  private record Victim(FlowControlRequest request, @Nullable Integer lowest) {}

  private final List<Victim> victims = new ArrayList<>();
  private final List<String> findings = new ArrayList<>();
  private long submitted;
  private long dispatched;
  private long rejected;
  private long evicted;
  private long returned;
  private long reclaimed;
  private long waitingRequests;
  private long runningRequests;
  private long waitingBytes;
  private long mostWaiting;
  private long mostWaitingBytes;
  private long inversions;
  private long reservedTurns;
  private long lateDispatches;
  private long vainDisplacements;
  private long contradictions;

  /**
   * Books without an event.
   *
   * @param tenants gives the weight of a tenant and its limit on running requests
   */
  Books(Function<String, TenantConfig> tenants) {
    this.tenants = tenants;
  }

  /** The counts so far; {@code unread} events have not been booked yet. */
  AuditReport report(long unread) {
    return new AuditReport(
        submitted,
        dispatched,
        rejected,
        evicted,
        returned,
        reclaimed,
        waitingRequests,
        runningRequests,
        mostWaiting,
        mostWaitingBytes,
        inversions,
        reservedTurns,
        lateDispatches,
        vainDisplacements,
        contradictions,
        unread,
        findings);
  }

  /** Checks an event, and books it. */
  void check(Event event) {
    var request = event.request();
    if (request == null) {
      return;
    }
    switch (event.kind()) {
      case QUEUED -> {
        submitted++;
        checkVictims(request);
        waits(request);
      }
      case DISPATCHED, DISPATCHED_BY_RESERVATION -> {
        checkVictims(null);
        waitsNoMore(request, "was dispatched from a queue");
        runs(event, request);
      }
      case DISPATCHED_AT_ONCE -> {
        checkVictims(null);
        submitted++;
        runs(event, request);
      }
      case REJECTED -> {
        checkVictims(null);
        submitted++;
        rejected++;
      }
      case DISPLACED -> {
        evicted++;
        waitsNoMore(request, "gave way");
        var lowest = waitingByPriority.isEmpty() ? null : waitingByPriority.firstKey();
        victims.add(new Victim(request, lowest));
      }
      case EVICTED -> {
        checkVictims(null);
        evicted++;
        waitsNoMore(request, "was evicted");
      }
      case RETURNED, RECLAIMED -> {
        checkVictims(null);
        returned++;
        reclaimed += event.kind() == Kind.RECLAIMED ? 1 : 0;
        runsNoMore(request);
      }
      case OTHER -> {}
    }
  }

  private void waits(FlowControlRequest request) {
    waiting.merge(request, 1, Integer::sum);
    waitingRequests++;
    waitingBytes += request.sizeBytes();
    mostWaiting = Math.max(mostWaiting, waitingRequests);
    mostWaitingBytes = Math.max(mostWaitingBytes, waitingBytes);
    waitingByPriority.merge(request.flow().priority(), 1, Integer::sum);
    holds(request, new Backlog(1, request.sizeBytes()));
    waitingTenants
        .computeIfAbsent(request.eligibility(), e -> new TreeMap<>())
        .computeIfAbsent(request.flow().priority(), p -> new HashMap<>())
        .merge(request.tenant(), 1, Integer::sum);
  }

  private void waitsNoMore(FlowControlRequest request, String how) {
    if (!takeOne(waiting, request)) {
      contradiction(request + " " + how + ", but did not wait");
      return;
    }
    waitingRequests--;
    waitingBytes -= request.sizeBytes();
    var priority = request.flow().priority();
    takeOne(waitingByPriority, priority);
    holds(request, new Backlog(-1, -request.sizeBytes()));
    var byPriority = waitingTenants.get(request.eligibility());
    if (byPriority == null) {
      return;
    }
    var tenants = byPriority.get(priority);
    if (tenants == null) {
      return;
    }
    takeOne(tenants, request.tenant());
    if (tenants.isEmpty()) {
      byPriority.remove(priority);
    }
    if (byPriority.isEmpty()) {
      waitingTenants.remove(request.eligibility());
    }
  }

  private void runs(Event event, FlowControlRequest request) {
    dispatched++;
    var overtaken = overtaken(request);
    if (event.kind() == Kind.DISPATCHED_BY_RESERVATION) {
      reservedTurns++;
    } else if (overtaken != null) {
      inversions++;
      finding(request + " was dispatched while a request of priority " + overtaken + " waited");
    }
    var deadline = request.deadlineNanos();
    if (deadline != FlowControlRequest.UNSET && event.nowNanos() - deadline >= 0) {
      lateDispatches++;
      var late = event.nowNanos() - deadline;
      finding(request + " was dispatched " + late + " ns after its deadline");
    }
    running.merge(request, 1, Integer::sum);
    runningByTenant.merge(request.tenant(), 1, Integer::sum);
    runningRequests++;
  }

  private void runsNoMore(FlowControlRequest request) {
    if (!takeOne(running, request)) {
      contradiction(request + " returned a permit that it did not have");
      return;
    }
    runningRequests--;
    takeOne(runningByTenant, request.tenant());
  }

  /**
   * The highest priority above the request's own at which a request with the same needs waits whose
   * tenant may run more; null if there is none.
   */
  private @Nullable Integer overtaken(FlowControlRequest request) {
    var byPriority = waitingTenants.get(request.eligibility());
    if (byPriority == null) {
      return null;
    }
    for (var band :
        byPriority.tailMap(request.flow().priority(), false).descendingMap().entrySet()) {
      for (var tenant : band.getValue().keySet()) {
        var limit = tenants.apply(tenant).maxRunningRequests();
        if (limit == 0 || runningByTenant.getOrDefault(tenant, 0) < limit) {
          return band.getKey();
        }
      }
    }
    return null;
  }

  /**
   * Checks the requests that gave way since the last call. They gave way to the request that is
   * queued next; {@code newcomer} is null if another event came first. A request gives way to a
   * higher priority if no lower one waits, or to a tenant or flow of its own priority that has less
   * for its weight.
   */
  private void checkVictims(@Nullable FlowControlRequest newcomer) {
    for (var victim : victims) {
      var request = victim.request();
      var priority = request.flow().priority();
      var lowest = victim.lowest();
      if (newcomer == null) {
        vainDisplacements++;
        finding(request + " gave way to nobody");
      } else if (newcomer.flow().priority() < priority
          || (newcomer.flow().priority() == priority && !keepsAsMuch(request, newcomer))) {
        vainDisplacements++;
        finding(request + " gave way to " + newcomer);
      } else if (newcomer.flow().priority() > priority && lowest != null && lowest < priority) {
        contradiction(request + " gave way while priority " + lowest + " waited");
      }
    }
    victims.clear();
  }

  /**
   * Whether the tenant of a request that gave way has at least as much left for its weight as the
   * tenant of the newcomer then has, in requests or in bytes: one of them was short, and the events
   * do not tell which. If both requests are of one tenant, its flows are compared.
   */
  private boolean keepsAsMuch(FlowControlRequest victim, FlowControlRequest newcomer) {
    var ofOneTenant = victim.tenant().equals(newcomer.tenant());
    if (ofOneTenant && victim.flow().equals(newcomer.flow())) {
      return false;
    }
    var gives = ofOneTenant ? Holder.flowOf(victim) : Holder.tenantOf(victim);
    var takes = ofOneTenant ? Holder.flowOf(newcomer) : Holder.tenantOf(newcomer);
    var left = backlogs.getOrDefault(gives, Backlog.NONE);
    var taken =
        backlogs.getOrDefault(takes, Backlog.NONE).plus(new Backlog(1, newcomer.sizeBytes()));
    var ratio = weight(gives) / weight(takes) * (1 - ROUNDING);
    return left.requests() >= taken.requests() * ratio || left.bytes() >= taken.bytes() * ratio;
  }

  private double weight(Holder holder) {
    var tenant = tenants.apply(holder.tenant());
    return holder.flow().isEmpty() ? tenant.weight() : tenant.flowWeight(holder.flow());
  }

  private void holds(FlowControlRequest request, Backlog more) {
    for (var holder : List.of(Holder.tenantOf(request), Holder.flowOf(request))) {
      var now = backlogs.getOrDefault(holder, Backlog.NONE).plus(more);
      if (now.requests() == 0) {
        backlogs.remove(holder);
      } else {
        backlogs.put(holder, now);
      }
    }
  }

  private static <K> boolean takeOne(Map<K, Integer> counts, K key) {
    var count = counts.get(key);
    if (count == null) {
      return false;
    }
    if (count == 1) {
      counts.remove(key);
    } else {
      counts.put(key, count - 1);
    }
    return true;
  }

  /** Counts an event that cannot follow from those before. */
  void contradiction(String what) {
    contradictions++;
    finding(what);
  }

  private void finding(String what) {
    if (findings.size() < KEPT_FINDINGS) {
      findings.add(what);
    }
  }
}
