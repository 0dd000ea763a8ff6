package dev.sluice.flowcontrol.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.model.Command.Close;
import dev.sluice.flowcontrol.model.Command.Complete;
import dev.sluice.flowcontrol.model.Command.Endpoint;
import dev.sluice.flowcontrol.model.Command.Pool;
import dev.sluice.flowcontrol.model.Knobs.Band;
import dev.sluice.flowcontrol.model.Knobs.Detector;
import dev.sluice.flowcontrol.model.Knobs.Fairness;
import dev.sluice.flowcontrol.model.Knobs.Ordering;
import dev.sluice.flowcontrol.model.Knobs.Tenant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The order in which the naive engine dispatches, and the room that it sees. */
final class NaiveDispatchTest extends NaiveEngineScenario {

  @Test
  void dispatchesAtOnceWhereThereIsRoomAndNeverQueuesWhatIsDispatched() {
    knobs = knobs.withMaxRequests(1);

    assertThat(all(ONE, offer(1, "a", 0), offer(2, "a", 0), offer(3, "a", 0)))
        .containsExactly(
            List.of(),
            List.of("DISPATCHED 1 at once"),
            List.of("QUEUED 2"),
            List.of("REJECTED 3 CAPACITY"));
  }

  @Test
  void servesTheHighestBandFirstAndFlowsOfABandInTurn() {
    knobs = knobs.withDetector(Detector.CONCURRENCY, 6);

    assertThat(
            last(
                offer(1, "a", 0),
                offer(2, "a", 0),
                offer(3, "b", 0),
                offer(4, "z", 7),
                offer(5, "a", 0),
                offer(6, "b", 0),
                offer(7, "c", -1),
                ONE))
        .containsExactly(
            "DISPATCHED 4 queued",
            "DISPATCHED 1 queued",
            "DISPATCHED 3 queued",
            "DISPATCHED 2 queued",
            "DISPATCHED 6 queued",
            "DISPATCHED 5 queued");
  }

  @Test
  void servesTheEarliestOfferOfTheBandByBestHead() {
    knobs =
        knobs
            .withDetector(Detector.CONCURRENCY, 3)
            .withTemplates(Band.DEFAULT.withFairness(Fairness.BEST_HEAD), Band.DEFAULT);

    assertThat(last(offer(1, "a", 0), offer(2, "a", 0), offer(3, "b", 0), ONE))
        .containsExactly("DISPATCHED 1 queued", "DISPATCHED 2 queued", "DISPATCHED 3 queued");
  }

  @Test
  void servesTheEarliestDeadlineInsideAFlow() {
    knobs = knobs.withTemplates(Band.DEFAULT.withOrdering(Ordering.EDF_HEAP), Band.DEFAULT);

    assertThat(
            last(
                offer(1, "a", 0),
                offer(2, "a", 0).withTtl(9),
                offer(3, "a", 0).withDeadline(5),
                ONE))
        .containsExactly("DISPATCHED 3 queued");
  }

  @Test
  void sharesTokensByWeightAndGivesIdleFlowsNoCredit() {
    // Costs 10 each; a has twice b's weight. Tags: a 0 5 10 15, b 0 10 20; c comes at V = 10.
    knobs =
        knobs
            .withDetector(Detector.CONCURRENCY, 1)
            .withTenant("a", new Tenant(2, 0, 0, 0))
            .withTemplates(Band.DEFAULT.withFairness(Fairness.VIRTUAL_TOKEN), Band.DEFAULT);

    var steps =
        all(
            offer(1, "a", 0).ofTokens(10, 0),
            offer(2, "b", 0).ofTokens(10, 0),
            offer(3, "a", 0).ofTokens(10, 0),
            offer(4, "a", 0).ofTokens(10, 0),
            offer(5, "b", 0).ofTokens(10, 0),
            offer(6, "a", 0).ofTokens(10, 0),
            ONE,
            new Close(1),
            new Close(2),
            new Close(3),
            offer(7, "c", 0).ofTokens(10, 0),
            new Close(5),
            new Close(4),
            new Close(7));

    assertThat(steps.stream().flatMap(List::stream).filter(d -> d.startsWith("DISPATCHED")))
        .containsExactly(
            "DISPATCHED 1 queued", // a at 0, then 5
            "DISPATCHED 2 queued", // b at 0, then 10
            "DISPATCHED 3 queued", // a at 5, then 10
            "DISPATCHED 5 queued", // b at 10, served longer ago than a; then 20
            "DISPATCHED 4 queued", // a at 10, before c, which starts at V = 10; then 15
            "DISPATCHED 7 queued", // c at 10
            "DISPATCHED 6 queued");
  }

  @Test
  void correctsWhatAFlowWasChargedWhenItsRequestEnds() {
    // Each of 3 and 4 is charged 10 + 10; 4 uses only 10, so a is due again before b.
    virtualTokensForTwo();

    assertThat(
            last(
                ONE,
                offer(1, "x", 0),
                offer(2, "x", 0),
                offer(3, "b", 0),
                offer(4, "a", 0),
                offer(5, "b", 0),
                offer(6, "a", 0),
                new Complete(1, 10, 10),
                new Complete(2, 10, 10),
                new Complete(4, 10, 0)))
        .containsExactly("RETURNED 4", "DISPATCHED 6 queued");
  }

  /** What was charged while nothing was queued is let off, so its refund is no credit. */
  @Test
  void refundsNothingOfAChargeThatWasLetOff() {
    virtualTokensForTwo();

    assertThat(
            last(
                ONE,
                offer(1, "b", 0),
                offer(2, "a", 0),
                offer(3, "b", 0),
                offer(4, "a", 0),
                new Complete(2, 10, 0)))
        .containsExactly("RETURNED 2", "DISPATCHED 3 queued");
  }

  private void virtualTokensForTwo() {
    knobs =
        knobs
            .withDetector(Detector.CONCURRENCY, 2)
            .withTemplates(Band.DEFAULT.withFairness(Fairness.VIRTUAL_TOKEN), Band.DEFAULT);
  }

  @Test
  void anUnknownSaturationClosesTheGate() {
    knobs = knobs.withDetector(Detector.SCRIPTED, 5);
    var unknown = new Pool(List.of(new Endpoint("e1", Set.of(), true, false)));

    assertThat(last(unknown, offer(1, "a", 0))).containsExactly("QUEUED 1");
    assertThat(last(unknown, offer(1, "a", 0), ONE)).containsExactly("DISPATCHED 1 queued");
  }

  @Test
  void aBandStopsAtItsCeilingAndNoneIsHigherThanThatOfABandAbove() {
    knobs =
        knobs
            .withDetector(Detector.CONCURRENCY, 4)
            .withBand(5, Band.DEFAULT)
            .withCeiling(5, 0.5)
            .withCeiling(0, 0.75)
            .withCeiling(9, 1.0);

    var steps = all(ONE, offer(1, "a", 0), offer(2, "a", 0), offer(3, "a", 0), offer(4, "a", 9));

    assertThat(steps.subList(3, 5))
        .containsExactly(List.of("QUEUED 3"), List.of("DISPATCHED 4 at once"));
  }

  @Test
  void aClassWithoutRoomBlocksNoOther() {
    knobs = knobs.withDetector(Detector.SCRIPTED, 1);
    var pool = new Pool(List.of(new Endpoint("e1", Set.of("m"), true, true)));

    assertThat(last(pool, offer(1, "a", 0).forModel("n"), offer(2, "a", -1).forModel("m")))
        .containsExactly("DISPATCHED 2 at once");
  }

  @Test
  void aTenantAtItsRunningLimitWaitsAndLetsOthersPass() {
    knobs = knobs.withDetector(Detector.CONCURRENCY, 9).withTenant("t", new Tenant(1, 0, 1, 0));

    var steps = all(ONE, offer(1, "t", 5), offer(2, "t", 5), offer(3, "u", 0), new Close(1));

    assertThat(steps.subList(2, 5))
        .containsExactly(
            List.of("QUEUED 2"),
            List.of("DISPATCHED 3 at once"),
            List.of("RETURNED 1", "DISPATCHED 2 queued"));
  }
}
