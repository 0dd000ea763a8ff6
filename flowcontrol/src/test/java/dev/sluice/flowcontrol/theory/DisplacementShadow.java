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
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A copy of the queue, kept beside the engine from its events alone, with the guarantees that each
 * event must keep. It knows the formulas and no policy.
 */
final class DisplacementShadow implements EngineRun.Listener {
  private final FlowControlConfig config;
  private final CostModel costs;
  private final boolean byDeadline;
  private final long seed;

  /** The queued requests by id, in the order of arrival. */
  private final Map<String, FlowControlRequest> queued = new LinkedHashMap<>();

  private @Nullable FlowControlRequest newcomer;
  private int offered;
  private int ended;
  private int displaced;
  private int exchanged;
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

  /** How many requests gave way to one of their own band. */
  int exchanged() {
    return exchanged;
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
    var ofOwnBand = false;
    for (var event : events) {
      var request = event.request();
      switch (event.what()) {
        case "queued" -> {
          check(ofOwnBand || mayQueue(request), "D4: %s was queued above its threshold", request);
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
          ofOwnBand |= checkVictim(request, gaveWay);
          queued.remove(request.id());
        }
        case "rejected CAPACITY" -> {
          refused++;
          ended++;
          check(gaveWay == 0, "D3: others gave way, and %s was refused", request);
          check(
              isBandFull(request) || !mayQueue(request) || !canFit(request),
              "D2, D4: %s was refused",
              request);
          check(!isBelowItsShare(request), "D4: %s was refused below its share", request);
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

  /** Returns whether it gave way to a request of its own band. */
  private boolean checkVictim(FlowControlRequest victim, int gaveWay) {
    var taker = newcomer;
    check(taker != null, "%s gave way to nobody", victim);
    if (taker == null) {
      return false;
    }
    check(
        none(other -> other.flow().equals(victim.flow()) && goesAfter(other, victim)),
        "D5: %s is not the last of its flow",
        victim);
    if (priority(victim) == priority(taker)) {
      check(gaveWay == 1, "D3: %s and more gave way in one band", victim);
      checkExchange(victim, taker);
      return true;
    }
    check(priority(victim) < priority(taker), "D1: %s gave way to %s", victim, taker);
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
    return false;
  }

  private void checkExchange(FlowControlRequest victim, FlowControlRequest taker) {
    exchanged++;
    var may = mayQueue(taker);
    check(!may || isBandFull(taker) || !canFit(taker), "D3: %s need not have given way", victim);
    if (sameTenant(victim).test(taker)) {
      check(
          hasMost(inBand(victim).and(sameTenant(victim)), victim, r -> r.flow().id()),
          "D1: %s is not of the flow that then has most",
          victim);
      check(
          staysAhead(victim, taker, r -> r.flow().id(), this::flowWeight),
          "D1: %s gave way to a flow that then has more",
          victim);
    } else {
      check(may, "D4: %s gave way to one above its share", victim);
      check(
          hasMost(inBand(victim), victim, FlowControlRequest::tenant),
          "D1: %s is not of the tenant that then has most",
          victim);
      check(
          staysAhead(victim, taker, FlowControlRequest::tenant, this::tenantWeight),
          "D1: %s gave way to a tenant that then has more",
          victim);
    }
  }

  /**
   * Whether those that share the victim's name would have most left for their weight, in requests
   * or in bytes.
   */
  private boolean hasMost(
      Predicate<FlowControlRequest> among,
      FlowControlRequest victim,
      Function<FlowControlRequest, String> name) {
    return hasMost(among, victim, name, theirs -> count(theirs) - 1.0)
        || hasMost(
            among, victim, name, theirs -> bytes(theirs) * (count(theirs) - 1.0) / count(theirs));
  }

  private boolean hasMost(
      Predicate<FlowControlRequest> among,
      FlowControlRequest victim,
      Function<FlowControlRequest, String> name,
      ToDoubleFunction<Predicate<FlowControlRequest>> left) {
    ToDoubleFunction<FlowControlRequest> share =
        request -> {
          var named = name.apply(request);
          var weight = named.equals(request.tenant()) ? tenantWeight(request) : flowWeight(request);
          return left.applyAsDouble(among.and(named(name, request))) / weight;
        };
    var most = queued.values().stream().filter(among).mapToDouble(share).max().orElse(Double.NaN);
    return atMost(most, share.applyAsDouble(victim));
  }

  /**
   * Whether the victim's has at least as much without it as the taker's with it, in whatever is
   * short.
   */
  private boolean staysAhead(
      FlowControlRequest victim,
      FlowControlRequest taker,
      Function<FlowControlRequest, String> name,
      ToDoubleFunction<FlowControlRequest> weight) {
    var gives = inBand(victim).and(named(name, victim));
    var takes = inBand(taker).and(named(name, taker));
    var inRequests =
        atMost(
            (count(takes) + 1) / weight.applyAsDouble(taker),
            (count(gives) - 1) / weight.applyAsDouble(victim));
    var inBytes =
        atMost(
            (bytes(takes) + taker.sizeBytes()) / weight.applyAsDouble(taker),
            (bytes(gives) - victim.sizeBytes()) / weight.applyAsDouble(victim));
    var may = mayQueue(taker);
    return (inRequests || (may && !isShortOfRequests(taker)))
        && (inBytes || (may && !isShortOfBytes(taker)));
  }

  /** Whether there would be no place if nothing of lower priority were queued. */
  private boolean isShortOfRequests(FlowControlRequest request) {
    return count(inBand(request)) + 1 > config.band(0).limits().maxRequests()
        || count(r -> priority(r) >= priority(request)) + 1 > config.maxRequests();
  }

  private boolean isShortOfBytes(FlowControlRequest request) {
    var own = request.sizeBytes();
    return bytes(inBand(request)) + own > config.band(0).limits().maxBytes()
        || bytes(r -> priority(r) >= priority(request)) + own > config.maxBytes();
  }

  /**
   * Whether there is enough room in bytes, and someone has so many requests more that one of them
   * must have given way.
   */
  private boolean isBelowItsShare(FlowControlRequest request) {
    var staying = bytes(r -> priority(r) >= priority(request)) + request.sizeBytes();
    var ofBand = bytes(inBand(request)) + request.sizeBytes();
    if (staying > config.maxBytes()
        || ofBand > config.band(0).limits().maxBytes()
        || !mayQueue(request)) {
      return false; // in bytes it may be above its share
    }
    return queued.values().stream()
        .filter(inBand(request))
        .anyMatch(other ->
            sameTenant(request).test(other)
                ? hasFewer(request, other, r -> r.flow().id(), this::flowWeight)
                : hasFewer(request, other, FlowControlRequest::tenant, this::tenantWeight));
  }

  private boolean hasFewer(
      FlowControlRequest taker,
      FlowControlRequest other,
      Function<FlowControlRequest, String> name,
      ToDoubleFunction<FlowControlRequest> weight) {
    var takes = inBand(taker).and(named(name, taker));
    var gives = inBand(taker).and(named(name, other));
    return atMost(
        (count(takes) + 1) / weight.applyAsDouble(taker),
        (count(gives) - 1) / weight.applyAsDouble(other));
  }

  private static boolean atMost(double a, double b) {
    return a <= b * (1 + 1e-9);
  }

  private static Predicate<FlowControlRequest> named(
      Function<FlowControlRequest, String> name, FlowControlRequest like) {
    return other -> name.apply(other).equals(name.apply(like));
  }

  private double tenantWeight(FlowControlRequest request) {
    return config.tenant(request.tenant()).weight();
  }

  private double flowWeight(FlowControlRequest request) {
    return config.tenant(request.tenant()).flowWeight(request.flow().id());
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

  /** Whether its tenant is alone, leaves room, or has less than the largest, in both measures. */
  private boolean mayQueue(FlowControlRequest request) {
    var band = inBand(request);
    var tenants =
        queued.values().stream()
            .filter(band)
            .map(FlowControlRequest::tenant)
            .collect(Collectors.toCollection(TreeSet::new));
    tenants.add(request.tenant());
    if (tenants.size() == 1) {
      return true;
    }
    var own = band.and(sameTenant(request));
    var free =
        Math.min(
            config.band(0).limits().maxRequests() - count(band),
            config.maxRequests() - count(r -> priority(r) >= priority(request)));
    var freeBytes =
        Math.min(
            config.band(0).limits().maxBytes() - bytes(band),
            config.maxBytes() - bytes(r -> priority(r) >= priority(request)));
    var weight = tenantWeight(request);
    return (count(band) < tenants.size() * free
            || atMost((count(own) + 1) / weight, largest(band, theirs -> count(theirs) - 1.0)))
        && (bytes(band) < tenants.size() * freeBytes
            || atMost(
                (bytes(own) + request.sizeBytes()) / weight,
                largest(band, theirs -> bytes(theirs) * (count(theirs) - 1.0) / count(theirs))));
  }

  /** The most that a tenant would have left for its weight. */
  private double largest(
      Predicate<FlowControlRequest> band, ToDoubleFunction<Predicate<FlowControlRequest>> left) {
    return queued.values().stream()
        .filter(band)
        .mapToDouble(
            request -> left.applyAsDouble(band.and(sameTenant(request))) / tenantWeight(request))
        .max()
        .orElse(Double.NEGATIVE_INFINITY);
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
