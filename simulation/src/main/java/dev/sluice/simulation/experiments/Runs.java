package dev.sluice.simulation.experiments;

import dev.sluice.simulation.pool.PoolModel;
import dev.sluice.simulation.pool.ServerModel;
import dev.sluice.simulation.run.ClientModel;
import dev.sluice.simulation.run.Simulation;
import dev.sluice.simulation.run.SimulationOptions;
import dev.sluice.simulation.run.SimulationResult;
import dev.sluice.simulation.run.Watch;
import dev.sluice.simulation.workload.Arrival;
import dev.sluice.simulation.workload.ArrivalProcess;
import dev.sluice.simulation.workload.Caller;
import dev.sluice.simulation.workload.OpenTraffic;
import dev.sluice.simulation.workload.RequestShape;
import dev.sluice.simulation.workload.TokenLengths;
import dev.sluice.simulation.workload.Traffic;
import dev.sluice.simulation.workload.Workload;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The setting that the experiments share: 32 slots, 8,000 prompt tokens/s, 20 ms for each token.
 */
final class Runs {

  /** Slots of the pool unless an experiment says otherwise. */
  static final int SLOTS = 32;

  static final long SECOND = 1_000_000_000L;

  private Runs() {}

  static PoolModel pool() {
    return PoolModel.of(1, ServerModel.of(SLOTS));
  }

  static RequestShape shape(long leastIn, long mostIn, long leastOut, long mostOut) {
    return RequestShape.of(
        new TokenLengths.Uniform(leastIn, mostIn), new TokenLengths.Uniform(leastOut, mostOut));
  }

  static Traffic traffic(String flow, double perSecond, RequestShape shape) {
    return traffic(Caller.of(flow), perSecond, shape);
  }

  static Traffic traffic(Caller caller, double perSecond, RequestShape shape) {
    return Traffic.of(caller, new ArrivalProcess.Poisson(perSecond), shape);
  }

  static Workload workload(long seed, int seconds, List<Traffic> sources) {
    return new OpenTraffic(sources, seed, seconds * SECOND);
  }

  /**
   * The same requests, from clients whose limit is exactly the number of tokens that will be
   * generated.
   */
  static Workload exact(Workload workload) {
    return new Workload() {
      @Override
      public @Nullable Arrival next() {
        var next = workload.next();
        return next == null ? null : withLimit(next);
      }
    };
  }

  private static Arrival withLimit(Arrival a) {
    return new Arrival(
        a.atNanos(),
        a.tenant(),
        a.flow(),
        a.priority(),
        a.model(),
        a.adapter(),
        a.inputTokens(),
        a.cachedInputTokens(),
        a.outputTokens(),
        a.outputTokens(),
        a.sloNanos(),
        a.ttlNanos(),
        a.sizeBytes(),
        a.prefixBlocks());
  }

  static SimulationResult run(
      Setup setup,
      Policy policy,
      PoolModel pool,
      Workload workload,
      int seconds,
      long seed,
      Watch... watches) {
    var options = SimulationOptions.of(Duration.ofSeconds(seconds), seed);
    return run(setup, policy, pool, workload, options, watches);
  }

  static SimulationResult run(
      Setup setup,
      Policy policy,
      PoolModel pool,
      Workload workload,
      SimulationOptions plain,
      Watch... watches) {
    return run(setup, policy, pool, workload, plain, ClientModel.EXACT_AND_PATIENT, watches);
  }

  static SimulationResult run(
      Setup setup,
      Policy policy,
      PoolModel pool,
      Workload workload,
      SimulationOptions plain,
      ClientModel clients,
      Watch... watches) {
    var options = plain.withProgress(policy.progressTokens());
    var simulation =
        new Simulation(policy.applied().apply(setup).build(), pool, workload, options)
            .withClients(clients);
    for (var watch : watches) {
      simulation.watchedBy(watch);
    }
    return simulation.run();
  }
}
