package dev.sluice.flowcontrol.theory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What is queued, kept beside the engine from its events alone, and the guarantees that each event
 * must keep. It knows the formulas and no policy.
 */
final class DisplacementShadow implements EngineRun.Listener {
  private final FlowControlConfig config;
  private final CostModel costs;
  private final boolean byDeadline;
  private final long seed;

  /** By id, in the order of arrival. */
  private final Map<String, FlowControlRequest> queued = new LinkedHashMap<>();

  private @Nullable FlowControlRequest newcomer;
  private int offered;
  private int ended;
  private int displaced;
  private int refused;
  private int reservedTurns;

  DisplacementShadow(FlowControlConfig config, long seed) {
    this.config = config;
    this.seed = seed;
    costs = config.costModel().create();
    byDeadline = config.band(0).ordering().type().equals("edf");
  }

  int displaced() {
    return displaced;
  }

  int refused() {
    return refused;
  }

  int reservedTurns() {
    return reservedTurns;
  }

  @Override
  public void offering(FlowControlRequest request) {
    newcomer = request;
    offered++;
  }

  @Override
  public void done(List<EngineRun.Event> events, FlowController engine) {
    var gaveWay = 0;
    for (var event : events) {
      var request = event.request();
      switch (event.what()) {
        case "queued" -> {
          check(!isRefusedByThreshold(request), "D4: %s was queued above its threshold", request);
          check(fits(request), "%s was queued beyond a limit", request);
          queued.put(request.id(), request);
          gaveWay = 0;
        }
        case "dispatched" -> {
          check(gaveWay == 0, "D3: %s was not queued after all", request);
          ended++;
          queued.remove(request.id());
          reservedTurns += event.reservedTurn() ? 1 : 0;
          check(
              event.reservedTurn() || none(other -> priority(other) > priority(request)),
              "%s went before a more important one",
              request);
        }
        case "DISPLACED" -> {
          displaced++;
          gaveWay++;
          ended++;
          checkVictim(request);
          queued.remove(request.id());
        }
        case "rejected CAPACITY" -> {
          refused++;
          ended++;
          check(gaveWay == 0, "D3: others gave way, and %s was refused", request);
          check(
              isBandFull(request) || isRefusedByThreshold(request) || !canFit(request),
              "D2, D4: %s was refused",
              request);
        }
        default -> {
          ended++;
          queued.remove(request.id());
        }
      }
    }
    check(gaveWay == 0, "D3: others gave way, and nobody was queued");
    newcomer = null;
    var view = engine.view();
    check(offered == ended + queued.size(), "D6: of %s requests %s ended", offered, ended);
    check(view.queuedRequests() == queued.size(), "D6: %s are queued", view.queuedRequests());
    check(view.queuedBytes() == bytes(all -> true), "D6: %s bytes", view.queuedBytes());
  }

  private void checkVictim(FlowControlRequest victim) {
    var taker = newcomer;
    check(taker != null, "%s gave way to nobody", victim);
    if (taker == null) {
      return;
    }
    check(priority(victim) < priority(taker), "D1: %s gave way to %s", victim, taker);
    check(!isRefusedByThreshold(taker), "D4: %s gave way to one without a share", victim);
    check(!fitsTotals(taker, all -> true), "D3: %s need not have given way", victim);
    check(canFit(taker), "D3: %s gave way in vain", victim);
    check(none(other -> priority(other) < priority(victim)), "%s is not of the lowest", victim);
    var band = inBand(victim);
    check(
        isLargest(band, FlowControlRequest::tenant, victim),
        "%s is not of the tenant with the largest backlog",
        victim);
    check(
        isLargest(band.and(sameTenant(victim)), r -> r.flow().id(), victim),
        "%s is not of the flow with the largest backlog",
        victim);
    check(
        none(other -> other.flow().equals(victim.flow()) && goesAfter(other, victim)),
        "D5: %s is not the last of its flow",
        victim);
  }

  private boolean goesAfter(FlowControlRequest a, FlowControlRequest b) {
    return byDeadline && a.deadlineNanos() != b.deadlineNanos()
        ? a.deadlineNanos() > b.deadlineNanos()
        : Integer.parseInt(a.id()) > Integer.parseInt(b.id());
  }

  /** Whether those that share the victim's name have the largest cost per weight. */
  private boolean isLargest(
      Predicate<FlowControlRequest> among,
      Function<FlowControlRequest, String> name,
      FlowControlRequest victim) {
    var backlogs = new LinkedHashMap<String, Double>();
    for (var request : queued.values()) {
      if (among.test(request)) {
        var owner = config.tenant(request.tenant());
        var named = name.apply(request);
        var weight = named.equals(request.tenant()) ? owner.weight() : owner.flowWeight(named);
        backlogs.merge(
            named, costs.estimate(request, request.inputTokens(), 0) / weight, Double::sum);
      }
    }
    var largest = backlogs.values().stream().mapToDouble(Double::doubleValue).max().orElse(0);
    return backlogs.getOrDefault(name.apply(victim), 0.0) >= largest * (1 - 1e-12);
  }

  /** Theory 4.2, step 1, for the flow and for its tenant. */
  private boolean isRefusedByThreshold(FlowControlRequest request) {
    var owner = config.tenant(request.tenant());
    var flowWeight = owner.weight() * owner.flowWeight(request.flow().id());
    return isAboveThreshold(request, r -> r.flow().id(), flowWeight)
        || isAboveThreshold(request, FlowControlRequest::tenant, owner.weight());
  }

  private boolean isAboveThreshold(
      FlowControlRequest newcomer, Function<FlowControlRequest, String> name, double weight) {
    var band = inBand(newcomer);
    var own = band.and(r -> name.apply(r).equals(name.apply(newcomer)));
    if (none(band.and(own.negate()))) {
      return false;
    }
    var free =
        Math.min(
            config.band(0).limits().maxRequests() - count(band),
            config.maxRequests() - count(r -> priority(r) >= priority(newcomer)));
    var freeBytes =
        Math.min(
            config.band(0).limits().maxBytes() - bytes(band),
            config.maxBytes() - bytes(r -> priority(r) >= priority(newcomer)));
    return count(own) / weight >= free || bytes(own) / weight >= freeBytes;
  }

  private boolean fits(FlowControlRequest request) {
    return !isBandFull(request) && fitsTotals(request, all -> true);
  }

  private boolean canFit(FlowControlRequest request) {
    return fitsTotals(request, r -> priority(r) >= priority(request));
  }

  private boolean isBandFull(FlowControlRequest request) {
    var limits = config.band(0).limits();
    return count(inBand(request)) + 1 > limits.maxRequests()
        || bytes(inBand(request)) + request.sizeBytes() > limits.maxBytes();
  }

  private boolean fitsTotals(FlowControlRequest request, Predicate<FlowControlRequest> staying) {
    return count(staying) + 1 <= config.maxRequests()
        && bytes(staying) + request.sizeBytes() <= config.maxBytes();
  }

  private static Predicate<FlowControlRequest> inBand(FlowControlRequest request) {
    return other -> priority(other) == priority(request);
  }

  private static Predicate<FlowControlRequest> sameTenant(FlowControlRequest request) {
    return other -> other.tenant().equals(request.tenant());
  }

  private static int priority(FlowControlRequest request) {
    return request.flow().priority();
  }

  private boolean none(Predicate<FlowControlRequest> which) {
    return queued.values().stream().noneMatch(which);
  }

  private long count(Predicate<FlowControlRequest> which) {
    return queued.values().stream().filter(which).count();
  }

  private long bytes(Predicate<FlowControlRequest> which) {
    return queued.values().stream().filter(which).mapToLong(FlowControlRequest::sizeBytes).sum();
  }

  private void check(boolean holds, String rule, Object... about) {
    if (!holds) {
      var description = new ArrayList<>(List.of(about));
      description.add(seed);
      assertThat(holds).as(rule + ", seed %s", description.toArray()).isTrue();
    }
  }
}
