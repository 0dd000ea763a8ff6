package dev.sluice.simulation.run;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.simulation.pool.SimulatedPool;
import dev.sluice.simulation.workload.Arrival;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;

/**
 * The counters of a simulation, told of everything that happens to a request. Requests that are
 * offered before the warm-up ends count as load and in the timeline, and nowhere else.
 */
final class Measurements {
  private static final double NANOS_PER_SECOND = 1e9;

  private final FlowControlConfig config;
  private final VirtualTime time;
  private final SimulatedPool pool;
  private final long countFromNanos;
  private final long endNanos;
  private final DecisionLog log;
  private final List<Watch> watches = new ArrayList<>();
  private final Timeline timeline = new Timeline();
  private final Tally all = new Tally();
  private final TreeMap<String, Tally> tenants = new TreeMap<>();
  private final TreeMap<Integer, Tally> bands = new TreeMap<>();
  private final Map<Integer, Integer> queuedByBand = new HashMap<>();
  private final Histogram serverWait = new Histogram(2);
  private long arrived;
  private long ended;
  private int queued;
  private long accountedUntilNanos;
  private double busySlotNanos;
  private double idleSlotNanos;
  private double waitingInServerNanos;

  Measurements(
      FlowControlConfig config,
      SimulationOptions options,
      VirtualTime time,
      SimulatedPool pool,
      DecisionLog log) {
    this.config = config;
    this.time = time;
    this.pool = pool;
    this.log = log;
    countFromNanos = options.warmUp().toNanos();
    endNanos = options.duration().toNanos();
  }

  void add(Watch watch) {
    watches.add(watch);
  }

  // One request

  void arrived(Arrival arrival, long now) {
    account();
    arrived++;
    countQueued(arrival, 1);
    each(arrival, now, tally -> tally.offered(arrival));
    watches.forEach(watch -> watch.arrived(arrival, now));
  }

  void refused(Arrival arrival, long offeredAt, long now, String reason) {
    account();
    countQueued(arrival, -1);
    each(arrival, offeredAt, tally -> tally.refused(reason));
    watches.forEach(watch -> watch.refused(arrival, now, reason));
    ended++;
  }

  void dispatched(Arrival arrival, long offeredAt, long now) {
    account();
    countQueued(arrival, -1);
    var waited = now - offeredAt;
    each(arrival, offeredAt, tally -> tally.dispatched(arrival, waited));
    timeline.dispatched(arrival, waited);
    watches.forEach(watch -> watch.dispatched(arrival, now, waited));
  }

  /** {@code inServersQueue} is the time that the request waited on its server, in nanoseconds. */
  void firstToken(Arrival arrival, long offeredAt, long now, long inServersQueue) {
    serverWait.recordValue(Math.max(0, (long) (inServersQueue / Tally.MICROS)));
    each(arrival, offeredAt, tally -> tally.firstToken(arrival, now - offeredAt));
  }

  void completed(Arrival arrival, long offeredAt, long now) {
    each(arrival, offeredAt, tally -> tally.completed(arrival));
    left(arrival, now, false);
  }

  void failed(Arrival arrival, long now) {
    left(arrival, now, true);
  }

  private void left(Arrival arrival, long now, boolean failed) {
    watches.forEach(watch -> watch.ended(arrival, now, failed));
    ended++;
  }

  private void countQueued(Arrival arrival, int change) {
    queued += change;
    queuedByBand.merge(arrival.priority(), change, Integer::sum);
  }

  private void each(Arrival arrival, long offeredAt, Consumer<Tally> counting) {
    if (offeredAt >= countFromNanos) {
      counting.accept(all);
      counting.accept(tenants.computeIfAbsent(arrival.tenant(), id -> new Tally()));
      counting.accept(bands.computeIfAbsent(arrival.priority(), priority -> new Tally()));
    }
  }

  // Time

  /**
   * Books busy and idle slot-time up to now. Called before the number of queued or running requests
   * changes.
   */
  void account() {
    var until = Math.min(time.nanoTime(), endNanos);
    var from = Math.max(accountedUntilNanos, countFromNanos);
    if (until > from) {
      var busy = pool.running();
      busySlotNanos += (double) (until - from) * busy;
      waitingInServerNanos += (double) (until - from) * pool.waiting();
      if (queued > 0) {
        idleSlotNanos += (double) (until - from) * (pool.slots() - busy);
      }
    }
    accountedUntilNanos = until;
  }

  void warmUpEnded() {
    pool.forgetMostWaiting();
  }

  void bucketEnded() {
    timeline.next(queuedByBand, log.saturation());
  }

  // The result

  SimulationResult result(double bucketSeconds) {
    var countedNanos = (double) (endNanos - countFromNanos);
    var slotNanos = countedNanos * pool.slots();
    return new SimulationResult(
        countedNanos / NANOS_PER_SECOND,
        all.result(all.cost()),
        results(tenants),
        results(bands),
        jain(),
        busySlotNanos / slotNanos,
        idleSlotNanos / slotNanos,
        pool.mostWaiting(),
        waitingInServerNanos / countedNanos / pool.size(),
        Tally.millis(serverWait, 99),
        pool.preemptions(),
        log.inversions(),
        log.reservedTurns(),
        log.lateDispatches(),
        arrived - ended,
        log.hash(),
        timeline.series(bucketSeconds));
  }

  private <K> SortedMap<K, GroupResult> results(SortedMap<K, Tally> tallies) {
    var results = new TreeMap<K, GroupResult>();
    tallies.forEach((group, tally) -> results.put(group, tally.result(all.cost())));
    return results;
  }

  /** {@code (sum x)^2 / (n * sum x^2)}, where x is a tenant's cost divided by its weight. */
  private double jain() {
    var sum = 0.0;
    var squares = 0.0;
    for (var tenant : tenants.entrySet()) {
      var service = tenant.getValue().cost() / config.tenant(tenant.getKey()).weight();
      sum += service;
      squares += service * service;
    }
    return squares == 0 ? 1.0 : sum * sum / (tenants.size() * squares);
  }
}
