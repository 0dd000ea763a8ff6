package dev.sluice.flowcontrol.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.model.Command.Advance;
import dev.sluice.flowcontrol.model.Command.Cancel;
import dev.sluice.flowcontrol.model.Command.Close;
import dev.sluice.flowcontrol.model.Command.Endpoint;
import dev.sluice.flowcontrol.model.Command.Pool;
import dev.sluice.flowcontrol.model.Command.Shutdown;
import dev.sluice.flowcontrol.model.Knobs.Band;
import dev.sluice.flowcontrol.model.Knobs.Fairness;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The naive engine when time passes: expiry, reclaim, shutdown, forgetting. */
final class NaiveTimeTest extends NaiveEngineScenario {

  @Test
  void chargesTheBudgetOfTheRegimeAfresh() {
    // 4 ticks saturated, 10 without endpoints, at most 10 in all; the pool fills at 3.
    knobs = knobs.withDefaultTtl(4).withNoEndpointTtl(10);

    var steps =
        all(
            offer(1, "a", 0),
            offer(2, "a", 0),
            new Advance(3),
            ONE,
            new Advance(3),
            new Advance(1),
            offer(3, "a", 0),
            new Pool(List.of()),
            new Advance(9),
            new Advance(1));

    assertThat(steps)
        .containsExactly(
            List.of("QUEUED 1"),
            List.of("QUEUED 2"),
            List.of(),
            List.of("DISPATCHED 1 queued"),
            List.of(),
            List.of("EVICTED 2 EXPIRED"),
            List.of("QUEUED 3"),
            List.of(),
            List.of(),
            List.of("EVICTED 3 NO_ENDPOINTS"));
  }

  @Test
  void boundsTheWaitOverAllRegimesByTheLongerBudget() {
    knobs = knobs.withDefaultTtl(4).withNoEndpointTtl(6);

    assertThat(
            all(
                ONE,
                offer(1, "z", 0),
                offer(2, "a", 0),
                new Advance(3),
                new Pool(List.of()),
                new Advance(2),
                new Pool(List.of(Endpoint.of("e2"))),
                new Advance(1)))
        .last()
        .isEqualTo(List.of("EVICTED 2 EXPIRED"));
  }

  @Test
  void evictsAtTheDeadline() {
    assertThat(last(ONE, offer(1, "a", 0), offer(2, "a", 0).withDeadline(2), new Advance(2)))
        .containsExactly("EVICTED 2 EXPIRED");
  }

  @Test
  void rejectsWhatIsOfferedAtItsDeadline() {
    assertThat(last(ONE, offer(1, "a", 0).withDeadline(0))).containsExactly("REJECTED 1 EXPIRED");
  }

  @Test
  void takesBackAPermitThatNobodyReturned() {
    knobs = knobs.withMaxRequestDuration(5);

    assertThat(last(ONE, offer(1, "a", 0), offer(2, "a", 0), new Advance(5)))
        .containsExactly("RETURNED 1 reclaimed", "DISPATCHED 2 queued");
  }

  @Test
  void shutsDownWhenItsTimeToDrainHasPassed() {
    assertThat(
            all(
                ONE,
                offer(1, "a", 0),
                offer(2, "a", 0),
                offer(3, "a", 0),
                new Shutdown(5),
                offer(4, "a", 0),
                new Close(1),
                new Advance(5),
                new Close(2)))
        .containsExactly(
            List.of(),
            List.of("DISPATCHED 1 at once"),
            List.of("QUEUED 2"),
            List.of("QUEUED 3"),
            List.of(),
            List.of("REJECTED 4 SHUTTING_DOWN"),
            List.of("RETURNED 1", "DISPATCHED 2 queued"),
            List.of("EVICTED 3 SHUTTING_DOWN"),
            List.of("RETURNED 2"));
  }

  @Test
  void forgetsFlowsThenTheirBandsWhenTheyAreIdle() {
    knobs = knobs.withIdleTimeouts(3, 2).withBand(5, Band.DEFAULT);
    var model = model();

    run(model, ONE, offer(1, "a", 0), offer(2, "a", 5), new Cancel(2), new Close(1));
    run(model, new Advance(2));
    assertThat(model.flows()).hasSize(2);
    run(model, new Advance(1));
    assertThat(model.flows()).isEmpty();
    assertThat(model.bands()).containsExactly(5, 0);
    run(model, new Advance(4));
    assertThat(model.bands()).containsExactly(5, 0);
    run(model, new Advance(1));
    assertThat(model.bands()).containsExactly(5);
  }

  @Test
  void keepsAFlowThatOwesServiceUntilItRestedForTheTimeoutOfBands() {
    // While b waits for the pool's only slot a, ahead by its one request, rests: V stays at b's 0.
    knobs =
        knobs
            .withIdleTimeouts(3, 4)
            .withTemplates(Band.DEFAULT.withFairness(Fairness.VIRTUAL_TOKEN), Band.DEFAULT);
    var model = model();
    run(model, offer(1, "a", 0), offer(2, "b", 0), offer(3, "b", 0), ONE, new Close(1));
    assertThat(model.running()).extracting(NaiveRequest::number).containsExactly(2);

    run(model, new Advance(8));
    assertThat(model.flows()).hasSize(2);
    run(model, new Advance(1)); // looked at after 3, 6 and 9 ticks; 7 are enough
    assertThat(model.flows()).hasSize(1);
  }
}
