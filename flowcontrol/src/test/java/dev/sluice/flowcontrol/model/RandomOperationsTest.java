package dev.sluice.flowcontrol.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Random operations on the engine, each compared with {@link NaiveEngine}: the requests that are
 * dispatched, rejected, evicted and displaced, with order and reason; the flows and bands that
 * exist; everything else that the engine's view shows; and the engine's own invariants.
 *
 * <p>Operations are offers, cancellations, completions with usage, progress, bindings, permits
 * closed or abandoned, passing time (with alarms on time and late), changes of the pool and of
 * every knob ({@link RandomCommands} lists the values), and shutdown. The detectors {@code
 * utilization} and {@code ledger}, adapters and endpoint subsets have tests of their own.
 *
 * <p>The usual run has 50,000 operations, 1,000 for each seed; {@code mvn verify -Plong} has
 * 200,000, and {@code -Dsluice.random.operations=N} sets another number. A failure prints its seed
 * and the commands that matter, found by leaving out and simplifying all others. {@code
 * -Dsluice.random.seed=S} starts with seed S instead of 1 and so repeats a failure.
 *
 * <p>Each of these mutants of the engine was made by hand and seen to fail this test, within its
 * first 25 seeds:
 *
 * <ol>
 *   <li>total limit checked against counts that were read before the lock was taken
 *   <li>unstable tie: equal ordering keys are not served in the order of arrival
 *   <li>displacement kills without looking whether the newcomer then fits
 *   <li>a saturation of NaN opens the gate
 *   <li>the permit is taken after the wake-up, not with the decision
 *   <li>virtual-token: an idle flow's tag is not lifted when it comes back
 *   <li>the true use of a request does not correct the flow's charge
 *   <li>an expired request is dispatched while its alarm is late
 *   <li>displacement takes the newcomer's own priority, too
 *   <li>a tenant may run one request more than its limit
 *   <li>a change between a pool with and without endpoints gives no fresh budget
 *   <li>ceilings are taken as they are, higher ones below lower ones included
 *   <li>a flow's first request gives way instead of its last
 *   <li>a limit refuses what would just reach it
 *   <li>a new detector is not told of running requests
 *   <li>a new order inside flows does not apply to queued requests
 *   <li>new weights do not apply to backlogs that are there
 *   <li>a reclaimed permit keeps its room
 *   <li>a request that leaves its queue stays in the total of bytes
 *   <li>round-robin: a served flow keeps its turn
 * </ol>
 *
 * <p>And each of these within the first 100 seeds:
 *
 * <ol>
 *   <li>a dispatch is charged to the flow and not to its tenant
 *   <li>the oldest request is promoted at every pick
 *   <li>virtual-token: debt outlives the busy period
 *   <li>no class counts as skipped
 *   <li>a tenant at its running limit stays among those to serve
 *   <li>a flow's weight in its tenant is ignored
 *   <li>a flow is forgotten while it owes service
 *   <li>the policy between bands hears of no correction
 *   <li>picks are counted on when the queue was empty
 *   <li>a new policy between bands does not take over
 *   <li>a new predictor does not take over
 *   <li>after a reconfiguration, turns to give way follow the latest arrival
 * </ol>
 *
 * <p>And each of these, on forgetting and displacement, within the first 25 seeds:
 *
 * <ol>
 *   <li>a new idle timeout of bands does not apply
 *   <li>a new idle timeout of flows does not apply
 *   <li>a band that is configured is forgotten, too
 *   <li>a band is forgotten while it has flows
 *   <li>a band that is configured at the start counts as empty since the clock's zero
 *   <li>a band's time without flows counts from its creation
 *   <li>a flow that owes service is kept for ever
 *   <li>a tenant that owes is forgotten with its last flow
 *   <li>a new policy of which request gives way does not take over
 *   <li>of a flow's queues the first gives one up, not the one that would be served last
 * </ol>
 *
 * <p>Some mutants survive this test. {@code EligibilityLiftTest} finds two: a class that had room
 * counts as skipped, and a tenant's own flows are not lifted. {@code FlowCollectionTest} finds one:
 * the policy between bands does not hear of a forgotten band before a correction names a rank.
 */
final class RandomOperationsTest {
  private static final int OPERATIONS = Integer.getInteger("sluice.random.operations", 50_000);
  private static final long FIRST_SEED = Long.getLong("sluice.random.seed", 1);
  private static final int OPERATIONS_PER_SEED = 1_000;
  private static final long POSITIVE = 1_000_000_000_000L;
  private static final long NEGATIVE = -3_000_000_000L;

  @Test
  @Timeout(600)
  void decidesAsTheModelDoes() {
    var seeds = (OPERATIONS + OPERATIONS_PER_SEED - 1) / OPERATIONS_PER_SEED;

    var failed =
        LongStream.range(FIRST_SEED, FIRST_SEED + seeds)
            .parallel()
            .mapToObj(RandomOperationsTest::failure)
            .filter(Objects::nonNull)
            .findFirst();

    // Shrunk only here: a broken engine fails with many seeds.
    assertThat(failed.map(f -> "seed " + f.seed + " " + f.explained())).isEmpty();
  }

  private record Failure(long seed, Knobs knobs, long startNanos, List<Command> commands) {
    String explained() {
      return Shrinking.explain(knobs, startNanos, commands);
    }
  }

  private static @Nullable Failure failure(long seed) {
    var random = new RandomCommands(seed);
    var knobs = random.knobs();
    var start = seed % 3 == 0 ? NEGATIVE : POSITIVE;
    var commands = new ArrayList<Command>();
    try (var both = new Comparison(knobs, start)) {
      for (var i = 0; i < OPERATIONS_PER_SEED; i++) {
        var command = i == 0 ? random.pool() : random.next(both.model());
        commands.add(command);
        both.apply(command);
      }
      if (seed % 2 == 0) {
        var shutdown = new Command.Shutdown((int) (seed % 20));
        commands.add(shutdown);
        both.apply(shutdown);
        for (var i = 0; i < 30; i++) {
          var command = random.next(both.model());
          commands.add(command);
          both.apply(command);
        }
      }
      both.finish();
      return null;
    } catch (AssertionError | RuntimeException e) {
      return new Failure(seed, knobs, start, commands);
    }
  }
}
