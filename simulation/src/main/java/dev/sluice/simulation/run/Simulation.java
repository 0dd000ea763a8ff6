package dev.sluice.simulation.run;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.simulation.pool.PoolModel;
import dev.sluice.simulation.pool.SimulatedPool;
import dev.sluice.simulation.workload.Arrival;
import dev.sluice.simulation.workload.Workload;
import java.util.List;
import java.util.function.DoubleConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A workload, the engine and the pool that serve production, and simulated servers, in virtual
 * time. Everything happens on the caller's thread. The same inputs give the same result, bit for
 * bit.
 *
 * <p>This class drives: it lets requests arrive, time pass, and the run end. {@link Calls} carries
 * requests to their end, {@link SimulatedPool} knows the servers, and {@link Measurements} counts.
 * Used once; not thread-safe.
 */
public final class Simulation {
  private static final double NANOS_PER_SECOND = 1e9;

  private final Workload workload;
  private final SimulationOptions options;
  private final VirtualTime time = new VirtualTime();
  private final FlowController controller;
  private final SimulatedPool pool;
  private final Measurements measurements;
  private final Calls calls;
  private final long endNanos;
  private @Nullable DoubleConsumer progress;

  /** A simulation that has not begun. */
  public Simulation(
      FlowControlConfig config, PoolModel model, Workload workload, SimulationOptions options) {
    this.workload = workload;
    this.options = options;
    endNanos = options.duration().toNanos();
    var log = new DecisionLog();
    controller = FlowController.builder(config).timeSource(time).observer(log).build();
    pool =
        new SimulatedPool(
            model,
            time,
            (action, nanos) -> time.at(nanos, action),
            this::account,
            controller::poolChanged);
    measurements = new Measurements(config, options, time, pool, log);
    calls =
        new Calls(
            time,
            controller,
            pool,
            measurements,
            options.progressTokens(),
            this::callEnded,
            this::callRefused);
  }

  /** Adds a watcher of each request. */
  public Simulation watchedBy(Watch watch) {
    measurements.add(watch);
    return this;
  }

  /** Sets the behaviour of clients; {@link ClientModel#EXACT_AND_PATIENT} is the default. */
  public Simulation withClients(ClientModel clients) {
    calls.use(clients);
    return this;
  }

  /** Sets a listener that is called a hundred times with the progress, from 0 to 1. */
  public Simulation reportingTo(DoubleConsumer newProgress) {
    progress = newProgress;
    return this;
  }

  /** Runs the simulation. */
  public SimulationResult run() {
    pool.begin(options.seed());
    scheduleNextArrival();
    time.at(options.warmUp().toNanos(), measurements::warmUpEnded);
    scheduleBuckets();
    for (var percent = 1; percent <= 100; percent++) {
      time.runUntil(endNanos / 100 * percent);
      if (progress != null) {
        progress.accept(percent / 100.0);
      }
    }
    time.runUntil(endNanos);
    account();
    time.runUntil(endNanos + options.drain().toNanos());
    calls.stop();
    controller.close();
    return measurements.result(bucketNanos() / NANOS_PER_SECOND);
  }

  private void scheduleBuckets() {
    for (var i = 1; i <= options.buckets(); i++) {
      var at = i == options.buckets() ? endNanos : bucketNanos() * i;
      time.at(at, measurements::bucketEnded);
    }
  }

  private long bucketNanos() {
    return endNanos / options.buckets();
  }

  private void scheduleNextArrival() {
    var next = workload.next();
    if (next != null && next.atNanos() < endNanos) {
      time.at(
          next.atNanos(),
          () -> {
            calls.offer(next);
            scheduleNextArrival();
          });
    }
  }

  private void callEnded(Arrival arrival) {
    offerLater(workload.completed(arrival, time.nanoTime()));
  }

  private void callRefused(Arrival arrival, long retryAfterNanos) {
    offerLater(workload.refused(arrival, time.nanoTime(), retryAfterNanos));
  }

  private void offerLater(List<Arrival> answers) {
    for (var answer : answers) {
      if (answer.atNanos() < endNanos) {
        time.at(answer.atNanos(), () -> calls.offer(answer));
      }
    }
  }

  private void account() {
    measurements.account();
  }
}
