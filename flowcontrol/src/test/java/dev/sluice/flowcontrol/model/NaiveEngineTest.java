package dev.sluice.flowcontrol.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.model.Command.Advance;
import dev.sluice.flowcontrol.model.Command.Cancel;
import dev.sluice.flowcontrol.model.Command.Close;
import dev.sluice.flowcontrol.model.Command.Complete;
import dev.sluice.flowcontrol.model.Command.Endpoint;
import dev.sluice.flowcontrol.model.Command.Offer;
import dev.sluice.flowcontrol.model.Command.Pool;
import dev.sluice.flowcontrol.model.Command.Reconfigure;
import dev.sluice.flowcontrol.model.Command.Shutdown;
import dev.sluice.flowcontrol.model.Knobs.Band;
import dev.sluice.flowcontrol.model.Knobs.Detector;
import dev.sluice.flowcontrol.model.Knobs.Fairness;
import dev.sluice.flowcontrol.model.Knobs.Ordering;
import dev.sluice.flowcontrol.model.Knobs.Tenant;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Holds the model against decisions that were worked out by hand from the specification, without
 * the engine: a model that is wrong in the same way as the engine would prove nothing.
 */
final class NaiveEngineTest {

  private static final Pool ONE = new Pool(List.of(Endpoint.of("e1")));

  private Knobs knobs = Knobs.DEFAULT;

  private NaiveEngine model() {
    return new NaiveEngine(
        knobs,
        0,
        new NaivePlugins(
            k -> new TokenCosts(), k -> new LimitIsTheGuess(), k -> Translation.bands(k).create()));
  }

  private static List<List<String>> run(NaiveEngine model, Command... commands) {
    var steps = new ArrayList<List<String>>();
    for (var command : commands) {
      var request =
          Translation.request(
              command instanceof Offer o ? o : Offer.of(0, "unused", 0), model.state().now);
      steps.add(model.apply(command, request).stream().map(Decision::toString).toList());
    }
    return steps;
  }

  /** The decisions that the last of the commands leads to. */
  private List<String> last(Command... commands) {
    var all = all(commands);
    return all.getLast();
  }

  private List<List<String>> all(Command... commands) {
    return run(model(), commands);
  }

  private static Offer offer(int number, String flow, int priority) {
    return Offer.of(number, flow, priority);
  }

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
    // Both are charged 10 + 10; a used only 10, so it is due again before b.
    knobs =
        knobs
            .withDetector(Detector.CONCURRENCY, 2)
            .withTemplates(Band.DEFAULT.withFairness(Fairness.VIRTUAL_TOKEN), Band.DEFAULT);

    assertThat(
            last(
                ONE,
                offer(1, "b", 0),
                offer(2, "a", 0),
                offer(3, "b", 0),
                offer(4, "a", 0),
                new Complete(2, 10, 0)))
        .containsExactly("RETURNED 2", "DISPATCHED 4 queued");
  }

  @Test
  void displacesTheLastOfTheLargestBacklogOfTheLowestBand() {
    knobs = knobs.withMaxRequests(4);

    assertThat(
            last(
                offer(1, "a", 0),
                offer(2, "x", -1),
                offer(3, "y", -1),
                offer(4, "y", -1),
                offer(5, "b", 5)))
        .containsExactly("EVICTED 4 DISPLACED", "QUEUED 5");
  }

  @Test
  void displacesNobodyOfItsOwnBandAndNobodyInVain() {
    knobs = knobs.withMaxRequests(2).withMaxBytes(10);

    var steps =
        all(
            ONE,
            offer(1, "a", 0),
            offer(2, "a", -1).ofBytes(3),
            offer(3, "a", 0).ofBytes(7),
            offer(4, "b", -1),
            offer(5, "b", 5).ofBytes(11),
            offer(6, "b", 5).ofBytes(4));

    assertThat(steps.subList(4, 7))
        .containsExactly(
            List.of("REJECTED 4 CAPACITY"),
            List.of("REJECTED 5 CAPACITY"),
            List.of("EVICTED 2 DISPLACED", "EVICTED 3 DISPLACED", "QUEUED 6"));
  }

  @Test
  void aFullBandOrFlowOrTenantRefusesWithoutDisplacing() {
    knobs =
        knobs
            .withBand(5, Band.DEFAULT.withLimits(1, 100))
            .withBand(4, Band.DEFAULT.withFlowLimits(1, 0))
            .withTenant("t", new Tenant(1, 1, 0, 0));

    assertThat(last(ONE, offer(1, "z", 9), offer(2, "a", -1), offer(3, "a", 5), offer(4, "b", 5)))
        .containsExactly("REJECTED 4 CAPACITY");
    assertThat(last(ONE, offer(1, "z", 9), offer(2, "a", 4), offer(3, "a", 4)))
        .containsExactly("REJECTED 3 FLOW_LIMIT");
    assertThat(last(ONE, offer(1, "z", 9), offer(2, "t", 0), offer(3, "u", -1).ofTenant("t")))
        .containsExactly("REJECTED 3 FLOW_LIMIT");
  }

  @Test
  void saysNoEndpointsWhenFullWithAnEmptyPool() {
    knobs = knobs.withMaxRequests(1);

    assertThat(last(offer(1, "a", 0), offer(2, "b", 0))).containsExactly("REJECTED 2 NO_ENDPOINTS");
  }

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
  void dispatchesNothingAtItsDeadline() {
    assertThat(last(ONE, offer(1, "a", 0), offer(2, "a", 0).withDeadline(2), new Advance(2)))
        .containsExactly("EVICTED 2 EXPIRED");
    assertThat(last(ONE, offer(1, "a", 0).withDeadline(0))).containsExactly("REJECTED 1 EXPIRED");
  }

  @Test
  void takesBackAPermitThatNobodyReturned() {
    knobs = knobs.withMaxRequestDuration(5);

    assertThat(last(ONE, offer(1, "a", 0), offer(2, "a", 0), new Advance(5)))
        .containsExactly("RETURNED 1 reclaimed", "DISPATCHED 2 queued");
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

  @Test
  void lowerLimitsDrainAndEvictNobody() {
    assertThat(
            all(
                offer(1, "a", 0),
                offer(2, "a", 0),
                new Reconfigure(knobs.withMaxRequests(1)),
                offer(3, "a", 0),
                new Cancel(1),
                new Cancel(1)))
        .containsExactly(
            List.of("QUEUED 1"),
            List.of("QUEUED 2"),
            List.of(),
            List.of("REJECTED 3 NO_ENDPOINTS"),
            List.of("EVICTED 1 CANCELLED"),
            List.of());
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
  void takesTheHeadWhereThePolicySaysSo() {
    knobs = knobs.withMaxRequests(2).withRequestDisplacement(Knobs.Victim.HEAD);

    assertThat(last(offer(1, "a", 0), offer(2, "a", 0), offer(3, "b", 1)))
        .containsExactly("EVICTED 1 DISPLACED", "QUEUED 3");
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

  /** A token costs 1. */
  private static final class TokenCosts implements CostModel {
    @Override
    public long estimate(FlowControlRequest request, long predictedOutputTokens) {
      return request.inputTokens() + predictedOutputTokens;
    }

    @Override
    public long actual(Usage usage) {
      return usage.inputTokens() + usage.outputTokens();
    }
  }

  /** Every request is expected to generate all that it may. */
  private static final class LimitIsTheGuess implements OutputPredictor {
    @Override
    public long predict(FlowControlRequest request) {
      return request.maxOutputTokens();
    }

    @Override
    public void observe(FlowControlRequest request, long outputTokens) {}
  }
}
