package dev.sluice.flowcontrol.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.model.Knobs.Detector;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Higher bands go first, and the same inputs give the same order: invariants 3 and 8 of DESIGN 3.6.
 */
@Timeout(120)
final class OrderInvariantsTest extends EngineScenario {

  @Nested
  final class I3NoInversion {

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void neverServesALowerBandWhileAHigherBandWaits(long seed) {
      var engine = engine(Knobs.DEFAULT.withDetector(Detector.CONCURRENCY, 2));
      engine.poolChanged(PoolSnapshot.of("e", "f"));

      runAtRandom(engine, seed, 4_000);

      var waiting = new TreeMap<Integer, Integer>();
      var fromQueue = 0;
      for (var event : events.all) {
        var priority = event.request().flow().priority();
        switch (event.kind()) {
          case "queued" -> waiting.merge(priority, 1, Integer::sum);
          case "evicted" -> waiting.merge(priority, -1, Integer::sum);
          case "dispatched" -> {
            if (event.fromQueue()) {
              waiting.merge(priority, -1, Integer::sum);
              fromQueue++;
            }
            assertThat(waiting.tailMap(priority, false).values())
                .as("%s", event)
                .allMatch(n -> n == 0);
          }
          default -> {}
        }
      }
      assertThat(fromQueue).isGreaterThan(100);
    }
  }

  @Nested
  final class I8Repeatability {

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14})
    void theSameInputsGiveTheSameDecisions(long seed) {
      var random = new RandomCommands(seed);
      var knobs = random.knobs();
      var commands = new ArrayList<Command>();
      var model = new NaiveEngine(knobs, 0, NaivePlugins.ofEngine());
      for (var i = 0; i < 2_000; i++) {
        var command = i == 0 ? random.pool() : random.next(model);
        commands.add(command);
        model.apply(command, request(command, model.state().now));
      }

      assertThat(log(knobs, commands, 7)).isEqualTo(log(knobs, commands, 7));
      assertThat(log(knobs, commands, -9_000_000_000L)).isEqualTo(log(knobs, commands, 7));
    }

    private static String log(Knobs knobs, List<Command> commands, long startNanos) {
      var own = new FakeClock(startNanos);
      var log = new StringBuilder();
      try (var engine = new EngineUnderTest(knobs, own)) {
        for (var command : commands) {
          log.append(engine.apply(command, request(command, own.nanoTime()))).append('\n');
        }
      }
      return log.toString();
    }

    private static FlowControlRequest request(Command command, long now) {
      return Translation.request(
          command instanceof Command.Offer o ? o : Command.Offer.of(0, "unused", 0), now);
    }
  }
}
