package dev.sluice.flowcontrol.plugins.detectors;

import dev.sluice.flowcontrol.conformance.FakeRunning;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The answers that {@link LedgerGate} should give, computed each time from the whole history: every
 * stay of every request on an endpoint, with its times. Only the learned limits are kept.
 */
final class NaiveLedger {
  private static final long NOT_YET = Long.MAX_VALUE;
  private static final long MS = 1_000_000L;
  private static final long FORGET_AFTER = 60_000 * MS;

  private static final class Stay {
    final String endpoint;
    final long kvTokens;
    final long since;
    long until = NOT_YET;
    boolean isForgotten;

    Stay(String endpoint, long kvTokens, long since) {
      this.endpoint = endpoint;
      this.kvTokens = kvTokens;
      this.since = since;
    }
  }

  private static final class Learned {
    final NaiveLimit limit;
    double usualForeign;
    long ended;

    Learned(Ledger.Parameters parameters) {
      limit = new NaiveLimit(parameters);
    }
  }

  private final Ledger.Parameters parameters;
  private final List<Stay> stays = new ArrayList<>();
  private final Map<FakeRunning, Stay> bound = new HashMap<>();
  private final List<FakeRunning> unbound = new ArrayList<>();
  private final Map<String, Learned> learned = new HashMap<>();
  private final Map<String, EndpointState> samples = new HashMap<>();
  private List<EndpointState> pool = List.of();

  NaiveLedger(Ledger.Parameters parameters) {
    this.parameters = parameters;
  }

  void granted(FakeRunning request) {
    unbound.add(request);
  }

  /** Binds a request at some time between {@code earliest} and {@code latest}. */
  void bound(FakeRunning request, long earliest, long latest) {
    leave(request, latest);
    var stay = new Stay(request.endpointId(), kv(request), earliest);
    stays.add(stay);
    bound.put(request, stay);
  }

  void returned(FakeRunning request, long latest) {
    leave(request, latest);
  }

  void poolChanged(PoolSnapshot snapshot, long now) {
    for (var old : pool) {
      if (snapshot.endpoints().stream().noneMatch(e -> e.id().equals(old.id()))) {
        samples.remove(old.id());
        forgetLeft(old.id());
      }
    }
    pool = snapshot.endpoints();
    for (var state : pool) {
      learned.computeIfAbsent(state.id(), id -> new Learned(parameters));
      if (state.sampledAtNanos() == EndpointState.NEVER_SAMPLED) {
        continue;
      }
      var before = samples.put(state.id(), state);
      var isNew = before == null || before.sampledAtNanos() != state.sampledAtNanos();
      if (isNew) {
        average(state, before == null ? state : before);
      }
      if (isNew && isBelieved(state, now)) {
        learn(state, now);
      }
    }
    forgetGone();
    stays.removeIf(stay -> stay.until != NOT_YET && now - stay.until > FORGET_AFTER);
  }

  double saturation(EligibilityClass needs, List<EligibilityClass> classes, long now) {
    var serving = pool.stream().filter(e -> e.serves(needs.needs())).toList();
    var weight = 0.0;
    var free = 0.0;
    var slots = 0.0;
    var tokens = 0.0;
    for (var endpoint : serving) {
      var part = 1.0 - ratio(endpoint, now);
      weight += endpoint.capacityWeight();
      if (part > 0) {
        free += endpoint.capacityWeight() * part;
        slots += given(endpoint.id(), now) * part;
        tokens +=
            endpoint.kvCapacityTokens() == 0
                ? Double.POSITIVE_INFINITY
                : wholeTokens(
                    parameters.kvLimit() * endpoint.kvCapacityTokens() - kv(endpoint, now));
      }
    }
    var rivals =
        unbound.stream()
            .filter(r -> classes.contains(r.eligibilityClass()))
            .filter(r -> serving.stream().anyMatch(e -> e.serves(r.eligibilityClass().needs())))
            .toList();
    var unboundTokens = rivals.stream().mapToLong(NaiveLedger::kv).sum();
    if (free == 0 || rivals.size() > slots - 1e-9 || unboundTokens >= tokens) {
      return 1.0;
    }
    var taken = Math.max(rivals.size() / slots, unboundTokens / tokens);
    return 1.0 - free / weight * (1.0 - taken);
  }

  private static double wholeTokens(double tokens) {
    return Math.max(1, Math.floor(tokens));
  }

  private double ratio(EndpointState endpoint, long now) {
    var byRequests = inFlight(endpoint.id(), now) / (double) given(endpoint.id(), now);
    if (endpoint.kvCapacityTokens() > 0) {
      return Math.max(
          byRequests, kv(endpoint, now) / (parameters.kvLimit() * endpoint.kvCapacityTokens()));
    }
    return isBelieved(endpoint.id(), now)
        ? Math.max(byRequests, endpoint.kvUtilization() / parameters.kvLimit())
        : byRequests;
  }

  private double kv(EndpointState endpoint, long now) {
    var id = endpoint.id();
    if (!isBelieved(id, now)) {
      return on(id).stream().mapToLong(stay -> stay.kvTokens).sum();
    }
    var visible = sample(id).sampledAtNanos() - parameters.visibilityDelay().toNanos();
    var sampled = endpoint.kvUtilization() * endpoint.kvCapacityTokens();
    var gone = 0L;
    var added = 0L;
    for (var stay : stays) {
      if (!stay.endpoint.equals(id)) {
        continue;
      }
      if (stay.until == NOT_YET) {
        added += stay.since > visible ? stay.kvTokens : 0;
      } else if (wasThere(stay, sample(id).sampledAtNanos()) && stay.since <= visible) {
        gone += stay.kvTokens;
      }
    }
    return Math.max(0, sampled - gone) + added;
  }

  private long inFlight(String id, long now) {
    var own = on(id).size();
    if (!samples.containsKey(id)) {
      return own;
    }
    var usual = learned(id).usualForeign;
    return isBelieved(id, now)
        ? own + foreignInSample(id)
        : own + Math.min(given(id, now) / 2, Math.round(usual));
  }

  private long foreignInSample(String id) {
    var sample = sample(id);
    var ownThen =
        stays.stream()
            .filter(stay -> stay.endpoint.equals(id))
            .filter(stay -> wasThere(stay, sample.sampledAtNanos()))
            .count();
    return Math.max(0, sample.runningRequests() + sample.waitingRequests() - ownThen);
  }

  /** {@code before} is {@code state} itself if that is the first. */
  private void average(EndpointState state, EndpointState before) {
    var known = learned(state.id());
    var gap = (state.sampledAtNanos() - before.sampledAtNanos()) / 1e9;
    var foreign = foreignInSample(state.id());
    known.usualForeign =
        before == state
            ? foreign
            : known.usualForeign + (foreign - known.usualForeign) * gap / (gap + 30);
  }

  private static boolean wasThere(Stay stay, long at) {
    return stay.since <= at && stay.until > at && !(stay.until != NOT_YET && stay.isForgotten);
  }

  private long given(String id, long now) {
    var limit =
        parameters.fixedLimit() > 0
            ? parameters.fixedLimit() + parameters.headroom()
            : learned(id).limit.value();
    return samples.containsKey(id) && !isBelieved(id, now)
        ? Math.max(1, (long) Math.floor(limit * parameters.staleFactor()))
        : limit;
  }

  private void learn(EndpointState state, long now) {
    var known = learned(state.id());
    known.limit.step(
        state.sampledAtNanos(),
        state.runningRequests(),
        state.waitingRequests(),
        state.kvUtilization(),
        state.preemptions(),
        inFlight(state.id(), now),
        known.ended);
  }

  private boolean isBelieved(String id, long now) {
    return samples.containsKey(id) && isBelieved(sample(id), now);
  }

  private boolean isBelieved(EndpointState sample, long now) {
    return now - sample.sampledAtNanos() < parameters.staleAfter().toNanos();
  }

  private EndpointState sample(String id) {
    return Objects.requireNonNull(samples.get(id));
  }

  private Learned learned(String id) {
    return Objects.requireNonNull(learned.get(id));
  }

  private List<Stay> on(String id) {
    return bound.values().stream().filter(stay -> stay.endpoint.equals(id)).toList();
  }

  private void leave(FakeRunning request, long latest) {
    unbound.remove(request);
    var stay = bound.remove(request);
    if (stay != null) {
      stay.until = latest;
      var known = learned.get(stay.endpoint);
      if (known != null) {
        known.ended++;
      }
      stay.isForgotten = !samples.containsKey(stay.endpoint);
      forgetGone();
    }
  }

  /** An endpoint that is not in the pool and on which nothing runs is a new one if it returns. */
  private void forgetGone() {
    learned
        .keySet()
        .removeIf(id -> pool.stream().noneMatch(e -> e.id().equals(id)) && on(id).isEmpty());
  }

  private void forgetLeft(String id) {
    for (var stay : stays) {
      if (stay.endpoint.equals(id) && stay.until != NOT_YET) {
        stay.isForgotten = true;
      }
    }
  }

  private static long kv(FakeRunning running) {
    var request = running.request();
    return request.inputTokens()
        - request.cachedInputTokens()
        + running.predictedOutputTokens() / 2;
  }

  /** A time of a random test, in nanoseconds. */
  static long millis(long millis) {
    return millis * MS;
  }
}
