package dev.sluice.flowcontrol.theory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.controller.EngineInvariants;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.framework.BandPolicy;
import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What bands get of one slot, by {@code strict-reserve} as it is configured by default. Each test
 * is a load under which a reserve once did harm: it went to the lowest band alone, or to a band
 * without requests, and time without room, or a refund, was credit.
 */
final class ReservedTurnsTest {
  private static final PluginCatalog CATALOG = PluginCatalog.builtIn();

  private record Running(int priority, Permit permit) {}

  private final FakeClock clock = new FakeClock();
  private final List<Running> dispatched = new ArrayList<>();
  private final FlowController engine =
      FlowController.builder(
              FlowControlConfig.builder()
                  .bandPolicy(CATALOG.plugin(BandPolicy.class, "strict-reserve"))
                  .detector(
                      CATALOG.plugin(
                          SaturationDetector.class,
                          "concurrency",
                          Map.<String, Object>of("maxConcurrency", 1)))
                  .outputPredictor(CATALOG.plugin(OutputPredictor.class, "none"))
                  .build())
          .timeSource(clock)
          .build();

  @AfterEach
  void checkInvariants() {
    EngineInvariants.check(engine);
  }

  /** The second band got 1 of 20,004 turns, and the third 1,000. */
  @Test
  void giveNoBandLessThanOneBelowIt() {
    engine.poolChanged(serving("m"));

    contend(20_000, 10, 0, -10);

    assertThat(turns(10)).isGreaterThan(19_000);
    assertThat(turns(0)).isGreaterThan(turns(-10)).isGreaterThan(480);
    assertThat(turns(-10)).isGreaterThan(240);
  }

  /** One request at priority -5 took the reserve of priority 0: 2 turns instead of 1,001. */
  @Test
  void belongToBandsThatWait() {
    engine.poolChanged(serving("m"));
    offer(-5, "m", 10);
    end(10);

    contend(20_000, 10, 0);

    assertThat(turns(0)).isGreaterThan(480);
  }

  /** A band without an endpoint for its requests then had 305 turns in a row. */
  @Test
  void areNotSavedUpWithoutAnEndpoint() {
    engine.poolChanged(serving("m"));
    offer(10, "m", 1_000);
    for (var i = 0; i < 400; i++) {
      offer(0, "other", 13);
    }
    for (var i = 0; i < 400; i++) {
      offer(10, "m", 1_000);
      end(1_000);
    }

    engine.poolChanged(serving("m", "other"));
    dispatched.subList(0, dispatched.size() - 1).clear();
    for (var i = 0; i < 400; i++) {
      offer(10, "m", 1_000);
      end(dispatched.get(dispatched.size() - 1).priority() == 10 ? 1_000 : 13);
    }

    assertThat(mostInARow(0)).isOne();
  }

  /** Refunds of the time when the band was alone were credit for three turns in a row. */
  @Test
  void areNotRefundsOfRequestsThatHadNone() {
    engine.poolChanged(serving("m"));
    for (var i = 0; i < 10; i++) {
      offer(-1, "m", 26);
    }
    end(7);

    offer(10, "m", 26);
    end(7);

    assertThat(dispatched.get(dispatched.size() - 1).priority()).isEqualTo(10);
  }

  /** Requests that are a hundred times cheaper than those above them may still not go in a row. */
  @Test
  void neverComeInARowWhileAHigherBandWaits() {
    engine.poolChanged(serving("m"));
    for (var i = 0; i < 3_000; i++) {
      while (waiting(10) < 2) {
        offer(10, "m", 1_000);
      }
      while (waiting(0) < 2) {
        offer(0, "m", 10);
      }
      end(dispatched.get(dispatched.size() - 1).priority() == 10 ? 1_000 : 10);
    }

    assertThat(mostInARow(0)).isOne();
    assertThat(turns(0)).isGreaterThan(1_000);
  }

  /** Lets each of the bands want everything. */
  private void contend(int dispatches, int... priorities) {
    for (var priority : priorities) {
      offer(priority, "m", 10);
      offer(priority, "m", 10);
    }
    dispatched.subList(0, dispatched.size() - 1).clear();
    for (var i = 0; i < dispatches; i++) {
      for (var priority : priorities) {
        if (waiting(priority) < 2) {
          offer(priority, "m", 10);
        }
      }
      end(10);
    }
  }

  private long waiting(int priority) {
    return engine.view().bands().stream()
        .filter(band -> band.priority() == priority)
        .mapToLong(band -> band.queuedRequests())
        .sum();
  }

  private void offer(int priority, String model, long inputTokens) {
    engine.enqueue(
        FlowControlRequest.builder("r", new FlowKey("flow", priority))
            .inputTokens(inputTokens)
            .eligibility(Eligibility.ofModel(model))
            .build(),
        admission -> {
          var permit = ((Admission.Dispatched) admission).permit();
          dispatched.add(new Running(priority, permit));
        });
  }

  /** Ends the request that runs, so the next one goes. */
  private void end(long inputTokens) {
    dispatched.get(dispatched.size() - 1).permit().complete(Usage.of(inputTokens, 0));
  }

  private long turns(int priority) {
    return dispatched.stream().filter(running -> running.priority() == priority).count();
  }

  private int mostInARow(int priority) {
    var most = 0;
    var inARow = 0;
    for (var running : dispatched) {
      inARow = running.priority() == priority ? inARow + 1 : 0;
      most = Math.max(most, inARow);
    }
    return most;
  }

  private static PoolSnapshot serving(String... models) {
    return new PoolSnapshot(
        List.of(
            new EndpointState(
                "endpoint",
                Set.of(models),
                Set.of(),
                true,
                0,
                0,
                0,
                0,
                0,
                1.0,
                EndpointState.NEVER_SAMPLED)));
  }
}
