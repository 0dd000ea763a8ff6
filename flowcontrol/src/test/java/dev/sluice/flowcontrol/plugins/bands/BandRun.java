package dev.sluice.flowcontrol.plugins.bands;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.conformance.FakeBand;
import dev.sluice.flowcontrol.framework.BandPolicy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Bands that ask a policy as the engine does, and a second set of books: what each band's reserved
 * turns took, and what its share of the service was. Checked after each dispatch:
 *
 * <ul>
 *   <li>In every interval that ends now the reserved turns of a band took at most its share of the
 *       service in that interval, plus one largest request. Time in which the band did not wait, or
 *       had no room, counts for nothing.
 *   <li>No reserved turn follows another of the same band while a request of a higher band waits
 *       and has room.
 * </ul>
 */
final class BandRun {

  /** A request: what it is predicted to cost, and what it costs. */
  record Request(long predicted, long cost) {

    static Request exact(long cost) {
      return new Request(cost, cost);
    }
  }

  /** A dispatched request, and the priorities among which it was chosen. */
  static final class Running {
    final int priority;
    final Request request;
    final boolean reserved;
    final List<Integer> competitors;
    long booking;
    long charged;

    Running(
        int priority, Request request, boolean reserved, List<Integer> competitors, long booking) {
      this.priority = priority;
      this.request = request;
      this.reserved = reserved;
      this.competitors = competitors;
      this.booking = booking;
      charged = request.predicted;
    }
  }

  /** What a band has, and what it got. */
  static final class Band {
    final List<Request> queue = new ArrayList<>();
    boolean hasRoom = true;
    double configured = Double.NaN;
    double service;
    int turns;
    int reservedTurns;
    double overShare;
    double leastOverShare;
  }

  private BandPolicy policy;
  private double totalShare;
  private final TreeMap<Integer, Band> bands = new TreeMap<>((a, b) -> Integer.compare(b, a));
  private final Map<Integer, Double> configured = new HashMap<>();
  private long largest;
  private final Set<Integer> inARow = new HashSet<>();

  BandRun(BandPolicy policy, double totalShare) {
    this.policy = policy;
    this.totalShare = totalShare;
  }

  /** Replaces the policy. The new one knows nothing of requests that were dispatched before. */
  void reload(BandPolicy newPolicy, double newTotalShare, List<Running> running) {
    policy = newPolicy;
    totalShare = newTotalShare;
    running.forEach(request -> request.booking = 0);
    bands.values().forEach(band -> band.leastOverShare = band.overShare);
    tellBands();
  }

  /** Makes these bands the ones that exist. Others vanish with their books. */
  void exist(Map<Integer, Double> wanted) {
    configured.putAll(wanted);
    bands.keySet().retainAll(wanted.keySet());
    wanted.forEach((priority, share) -> bands.computeIfAbsent(priority, p -> new Band()));
    bands.forEach((priority, band) -> band.configured = wanted.getOrDefault(priority, Double.NaN));
    tellBands();
  }

  private void tellBands() {
    policy.bandsChanged(
        bands.entrySet().stream()
            .map(e -> FakeBand.ofPriority(e.getKey(), 1, e.getValue().configured))
            .toList());
  }

  void exist(int... priorities) {
    var wanted = new HashMap<Integer, Double>();
    for (var priority : priorities) {
      wanted.put(priority, Double.NaN);
    }
    exist(wanted);
  }

  Band band(int priority) {
    return Objects.requireNonNull(bands.get(priority));
  }

  Map<Integer, Band> bands() {
    return bands;
  }

  /** Dispatches one request as the engine does. One must have room. */
  Running dispatchOne() {
    return Objects.requireNonNull(dispatch());
  }

  /** Dispatches one request as the engine does; null if none has room. */
  @Nullable Running dispatch() {
    var candidates = mask(false);
    var notCovered = 0L;
    while (candidates != 0) {
      var rank = policy.next(candidates);
      var bit = 1L << rank;
      var priority = priorities().get(rank);
      var band = band(priority);
      if (!band.hasRoom) {
        candidates &= ~bit;
        continue;
      }
      var reserved = policy.isReservedTurn() && (notCovered & bit) == 0;
      var request = band.queue.get(0);
      var passedOver = mask(true);
      if (reserved) {
        largest = Math.max(largest, request.predicted);
        if (!policy.covers(rank, request.predicted, passedOver)) {
          notCovered |= bit;
          continue;
        }
      }
      band.queue.remove(0);
      return dispatched(rank, request, reserved, passedOver);
    }
    return null;
  }

  /** A request of a band that passes without waiting. */
  Running pass(int priority, Request request) {
    return dispatched(priorities().indexOf(priority), request, false, mask(true));
  }

  private Running dispatched(int rank, Request request, boolean reserved, long passedOver) {
    var priority = priorities().get(rank);
    var band = band(priority);
    var competitors = new ArrayList<Integer>();
    for (var other : priorities()) {
      if (other.equals(priority) || (passedOver & (1L << priorities().indexOf(other))) != 0) {
        competitors.add(other);
      }
    }
    largest = Math.max(largest, request.predicted);
    var booking = policy.dispatched(rank, request.predicted, reserved, mask(false), passedOver);
    var running = new Running(priority, request, reserved, competitors, booking);
    band.service += (double) request.cost;
    band.turns++;
    band.reservedTurns += reserved ? 1 : 0;
    book(running, (double) request.predicted);
    if (reserved) {
      if (Long.numberOfTrailingZeros(passedOver) < rank) {
        assertThat(inARow.add(priority))
            .as("second reserved turn of %d in a row while a higher band waits", priority)
            .isTrue();
      }
      assertThat(band.overShare - band.leastOverShare)
          .as("what reserved turns of %d took in an interval beyond their share", priority)
          .isLessThanOrEqualTo((double) largest + 0.001);
    }
    if (!reserved) {
      inARow.clear();
    }
    return running;
  }

  /** What a request has cost so far becomes known. */
  void used(Running running, long cost) {
    var delta = cost - running.charged;
    if (delta != 0) {
      running.charged = cost;
      largest = Math.max(largest, cost);
      var rank = priorities().indexOf(running.priority);
      policy.corrected(rank, cost, delta, mask(false), running.booking);
      book(running, (double) delta);
    }
  }

  void end(Running running) {
    used(running, running.request.cost);
  }

  private void book(Running running, double cost) {
    bands.forEach((priority, band) -> {
      if (running.booking != 0 && running.competitors.contains(priority)) {
        band.overShare -= share(totalShare, priority, running.competitors) * cost;
      }
      if (running.reserved && running.priority == priority && running.booking != 0) {
        band.overShare += cost;
      }
      band.leastOverShare = Math.min(band.leastOverShare, band.overShare);
    });
  }

  /** The share of a band among its competitors, highest first, as the documentation says it. */
  private double share(double total, int priority, List<Integer> competitors) {
    var index = competitors.indexOf(priority);
    if (index == 0) {
      return 0;
    }
    var sum = 0.0;
    for (var i = 1; i < competitors.size(); i++) {
      sum += atLeastAsLower(total, competitors, i);
    }
    return atLeastAsLower(total, competitors, index) * Math.min(1, 0.5 / sum);
  }

  private double atLeastAsLower(double total, List<Integer> competitors, int index) {
    var most = 0.0;
    for (var i = index; i < competitors.size(); i++) {
      double own = configured.getOrDefault(competitors.get(i), Double.NaN);
      most = Math.max(most, Double.isNaN(own) ? total / (1L << i) : own);
    }
    return most;
  }

  private List<Integer> priorities() {
    return List.copyOf(bands.keySet());
  }

  private long mask(boolean withRoom) {
    var bits = 0L;
    var rank = 0;
    for (var band : bands.values()) {
      bits |= !band.queue.isEmpty() && (band.hasRoom || !withRoom) ? 1L << rank : 0;
      rank++;
    }
    return bits;
  }
}
