package dev.sluice.flowcontrol.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.EngineObserver;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.SafeQueue;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.Cost;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.RejectReason;
import dev.sluice.flowcontrol.types.Usage;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What a flow is charged: by estimates that learn, by what is known at the end, and by time if
 * nothing is. A prompt token costs 1, a generated one 2; a request is expected to generate all that
 * it may, or 256 tokens.
 */
final class PricingTest {
  private static final PluginCatalog CATALOG = PluginCatalog.builtIn();

  private final FakeClock clock = new FakeClock();
  private final ArrayDeque<Permit> permits = new ArrayDeque<>();
  private final List<Admission> refused = new ArrayList<>();
  private final List<Usage> used = new ArrayList<>();
  private FlowController engine = engine(config("limit", 100).build());

  private FlowController engine(FlowControlConfig config) {
    var made = FlowController.builder(config).timeSource(clock).observer(new Recorder()).build();
    made.poolChanged(PoolSnapshot.of("e"));
    return made;
  }

  private void restart(FlowControlConfig config) {
    engine.close();
    engine = engine(config);
  }

  @AfterEach
  void check() {
    engine.checkInvariants();
    engine.close();
  }

  private static FlowControlConfig.Builder config(String predictor, int room) {
    return FlowControlConfig.builder()
        .defaultTtl(Duration.ZERO)
        .outputPredictor(CATALOG.plugin(OutputPredictor.class, predictor))
        .detector(
            CATALOG.plugin(
                SaturationDetector.class, "concurrency", Map.of("maxConcurrency", room)));
  }

  private final class Recorder implements EngineObserver {
    @Override
    public void returned(
        long sequence,
        long nowNanos,
        FlowControlRequest request,
        Usage usage,
        long ranNanos,
        boolean reclaimed) {
      used.add(usage);
    }
  }

  private static FlowControlRequest.Builder request(String tenant) {
    return FlowControlRequest.builder("r", new FlowKey(tenant, 0))
        .eligibility(Eligibility.ofModel("m"));
  }

  private void offer(FlowControlRequest.Builder request) {
    engine.enqueue(
        request.build(),
        admission -> {
          if (admission instanceof Admission.Dispatched dispatched) {
            permits.add(dispatched.permit());
          } else {
            refused.add(admission);
          }
        });
  }

  private void use(FlowControlRequest.Builder request, Duration time, Usage usage) {
    offer(request);
    clock.advance(time);
    permits.removeLast().complete(usage);
  }

  /** The weighted tokens that a flow has been charged in all. */
  private double charged(String flow) {
    return engine.view().bands().stream()
        .flatMap(band -> band.flows().stream())
        .filter(view -> view.key().id().equals(flow))
        .mapToDouble(view -> Cost.tokens(view.dispatchedCost()))
        .sum();
  }

  // Unknown usage

  @Test
  void keepsTheEstimateOfARequestThatLeavesAtOnce() {
    offer(request("a").inputTokens(100).maxOutputTokens(50));

    permits.remove().close();

    assertThat(charged("a")).isEqualTo(200);
    assertThat(used).containsExactly(Usage.of(100, 50));
  }

  @Test
  void refundsAllOfARequestThatNeverReachedAServer() {
    offer(request("a").inputTokens(100).maxOutputTokens(50));
    clock.advance(Duration.ofSeconds(10));

    permits.remove().complete(Usage.NONE);

    assertThat(charged("a")).isZero();
  }

  @Test
  void chargesTheTimeOfARequestThatRanMuchLongerThanPredicted() {
    use(request("b").inputTokens(100), Duration.ofSeconds(2), Usage.of(100, 199));
    offer(request("a").inputTokens(100));
    clock.advance(Duration.ofSeconds(10));

    permits.remove().close();

    assertThat(charged("a")).as("a work of 100 a second").isEqualTo(100 + 2 * 999);
  }

  @Test
  void leavesTheTimeForReadingThePromptOutOfTheGeneratedTokens() {
    offer(request("a").inputTokens(30_000));
    clock.advance(Duration.ofSeconds(10));

    permits.remove().close();

    assertThat(used).containsExactly(Usage.of(30_000, 256));
  }

  /** Otherwise a tenant could make its own departures cheap. */
  @Test
  void longPromptsWithShortAnswersMakeLeavingNoCheaper() {
    restart(config("none", 100).build());
    for (var i = 0; i < 50; i++) {
      use(request("a").inputTokens(50_000), Duration.ofSeconds(10), Usage.of(50_000, 1));
    }
    offer(request("a").inputTokens(1));
    clock.advance(Duration.ofSeconds(10));

    permits.remove().close();

    assertThat(used.get(used.size() - 1).outputTokens()).isGreaterThanOrEqualTo(499);
  }

  @Test
  void aTenantWhoseRequestsAreSlowIsChargedAtLeastThePaceOfItsModel() {
    restart(config("none", 100).build());
    for (var i = 0; i < 50; i++) {
      use(request("a").inputTokens(100), Duration.ofSeconds(100), Usage.of(100, 1));
      use(request("b").inputTokens(100), Duration.ofSeconds(10), Usage.of(100, 499));
    }
    offer(request("a").inputTokens(100));
    clock.advance(Duration.ofSeconds(100));

    permits.remove().close();

    assertThat(used.get(used.size() - 1).outputTokens()).as("of 1 or 5,000").isBetween(400L, 500L);
  }

  @Test
  void aTenantsPaceIsNotMovedByTheOthersOfItsModel() {
    restart(config("none", 100).build());
    use(request("a").inputTokens(100), Duration.ofSeconds(10), Usage.of(100, 499));
    for (var i = 0; i < 50; i++) {
      use(request("b").inputTokens(100), Duration.ofSeconds(1), Usage.of(100, 10_000));
    }
    offer(request("a").inputTokens(100));
    clock.advance(Duration.ofSeconds(10));

    permits.remove().close();

    assertThat(used.get(used.size() - 1)).isEqualTo(Usage.of(100, 499));
  }

  @Test
  void takesTwentyMillisecondsForATokenOfAModelThatIsNotKnown() {
    offer(request("a").inputTokens(100));
    clock.advance(Duration.ofSeconds(10));

    permits.remove().close();

    assertThat(charged("a")).isEqualTo(100 + 2 * 499);
  }

  @Test
  void chargesNoMoreThanTheRequestMayGenerate() {
    offer(request("a").inputTokens(100).maxOutputTokens(50));
    clock.advance(Duration.ofMinutes(10));

    permits.remove().close();

    assertThat(charged("a")).isEqualTo(200);
  }

  @Test
  void learnsThePaceByTimeSoThatShortRequestsHardlyMoveIt() {
    use(request("a").inputTokens(100), Duration.ofSeconds(100), Usage.of(100, 9_999));
    use(request("a").inputTokens(100), Duration.ofSeconds(1), Usage.of(100, 0));
    offer(request("a").inputTokens(100));
    clock.advance(Duration.ofSeconds(101));

    permits.remove().close();

    assertThat(used.get(used.size() - 1).outputTokens()).isEqualTo(10_000);
  }

  @Test
  void takesTheLastReportAndTheTimeSinceThen() {
    offer(request("a").inputTokens(100));
    clock.advance(Duration.ofSeconds(10));
    permits.getFirst().progress(Usage.of(0, 30));
    clock.advance(Duration.ofSeconds(2));

    permits.remove().close();

    assertThat(used).containsExactly(Usage.of(100, 30 + 100));
    assertThat(charged("a")).isEqualTo(100 + 2 * 130);
  }

  @Test
  void chargesWhatWasSeenEvenBeyondTheLimit() {
    offer(request("a").inputTokens(100).maxOutputTokens(20));
    permits.getFirst().progress(Usage.of(0, 30));
    clock.advance(Duration.ofSeconds(2));

    permits.remove().close();

    assertThat(used).containsExactly(Usage.of(100, 30));
  }

  @Test
  void chargesTheTimeOfAPermitThatIsLost() {
    restart(config("none", 100).maxRequestDuration(Duration.ofSeconds(60)).build());
    offer(request("a").inputTokens(100));

    clock.advance(Duration.ofSeconds(61));

    assertThat(used).containsExactly(Usage.of(100, 2_999));
    permits.clear();
  }

  /** Learning from guesses would confirm them. */
  @Test
  void learnsNothingFromUnknownUsage() {
    restart(config("ema", 100).build());
    use(request("a").inputTokens(100), Duration.ofSeconds(1), Usage.of(10, 256));
    offer(request("a").inputTokens(1_000));
    permits.getFirst().progress(Usage.of(0, 5_000));
    permits.remove().close();
    var before = charged("a");

    offer(request("a").inputTokens(1_000));

    assertThat(charged("a") - before).isEqualTo(100 + 2 * 256);
  }

  // Estimates that learn

  @ParameterizedTest
  @CsvSource({"1000, 5", "300, 100", "100, 300"})
  void learnsTheRatioOfATenantsPromptsFromOneRequest(long estimated, long counted) {
    use(request("a").inputTokens(estimated).maxOutputTokens(0), Duration.ZERO, usage(counted));

    offer(request("a").inputTokens(2 * estimated).maxOutputTokens(0));

    assertThat(charged("a")).isEqualTo(3.0 * counted);
  }

  private static Usage usage(long input) {
    return Usage.of(input, 0);
  }

  @Test
  void startsANewTenantFromItsModelsRatio() {
    use(request("a").inputTokens(1_000).maxOutputTokens(0), Duration.ZERO, usage(250));

    offer(request("new").inputTokens(1_000).maxOutputTokens(0));
    offer(
        request("other")
            .eligibility(Eligibility.ofModel("unknown"))
            .inputTokens(1_000)
            .maxOutputTokens(0));

    assertThat(charged("new")).isEqualTo(250);
    assertThat(charged("other")).isEqualTo(1_000);
  }

  @Test
  void learnsPromptsWithImagesApartFromThoseWithout() {
    for (var i = 0; i < 10; i++) {
      use(request("a").inputTokens(100).maxOutputTokens(0), Duration.ZERO, usage(200));
      use(
          request("a").hasMedia(true).inputTokens(1_000).maxOutputTokens(0),
          Duration.ZERO,
          usage(250));
    }
    var before = charged("a");

    offer(request("a").inputTokens(100).maxOutputTokens(0));
    offer(request("a").hasMedia(true).inputTokens(1_000).maxOutputTokens(0));

    assertThat(charged("a") - before).isEqualTo(200 + 250);
  }

  /** What nothing was queued for is let off, so its refund must not be credit. */
  @Test
  void theRefundOfARequestFromBeforeTheQueueIsNoCredit() {
    restart(config("limit", 4).build());
    for (var tenant : List.of("a", "b", "b", "b")) {
      offer(request(tenant).inputTokens(1_000).maxOutputTokens(0));
    }
    var served = new ArrayList<String>();
    for (var i = 0; i < 100; i++) {
      for (var tenant : List.of("a", "b")) {
        engine.enqueue(
            request(tenant).inputTokens(1_000).maxOutputTokens(0).build(),
            admission -> {
              if (admission instanceof Admission.Dispatched dispatched) {
                permits.add(dispatched.permit());
                served.add(tenant);
              }
            });
      }
    }

    for (var i = 0; i < 52; i++) {
      permits.remove().complete(usage(5));
    }

    assertThat(served.stream().filter("a"::equals).count()).isBetween(25L, 27L);
  }

  /** The newcomer's first request is a loan in any case; its second one is priced by its own. */
  @Test
  void aHogHasHalfOfTheSayOverANewcomersFirstPrice() {
    for (var i = 0; i < 20; i++) {
      use(request("b").inputTokens(100).maxOutputTokens(0), Duration.ZERO, usage(100));
      for (var j = 0; j < 20; j++) {
        use(request("hog").inputTokens(100).maxOutputTokens(0), Duration.ZERO, usage(900));
      }
    }

    offer(request("new").inputTokens(100).maxOutputTokens(0));

    assertThat(charged("new")).isBetween(450.0, 550.0);
  }

  @Test
  void oneAbsurdEstimateHardlyMovesARatio() {
    for (var i = 0; i < 20; i++) {
      use(request("a").inputTokens(1_000).maxOutputTokens(0), Duration.ZERO, usage(1_000));
    }
    use(request("a").inputTokens(2_500_000).maxOutputTokens(0), Duration.ZERO, usage(5));
    var before = charged("a");

    offer(request("a").inputTokens(1_000).maxOutputTokens(0));

    assertThat(charged("a") - before).isGreaterThan(650);
  }

  @Test
  void keepsTenantsAndModelsApart() {
    for (var i = 0; i < 10; i++) {
      use(request("a").inputTokens(300).maxOutputTokens(0), Duration.ZERO, usage(100));
      use(request("b").inputTokens(300).maxOutputTokens(0), Duration.ZERO, usage(900));
      use(
          request("a").eligibility(Eligibility.ofModel("m2")).inputTokens(300).maxOutputTokens(0),
          Duration.ZERO,
          usage(300));
    }
    var a = charged("a");
    var b = charged("b");

    offer(request("a").inputTokens(300).maxOutputTokens(0));
    offer(request("b").inputTokens(300).maxOutputTokens(0));

    assertThat(charged("a") - a).isEqualTo(100);
    assertThat(charged("b") - b).isEqualTo(900);
  }

  @Test
  void pricesAQueuedRequestByWhatIsKnownWhenItGoes() {
    restart(config("limit", 1).build());
    offer(request("a").inputTokens(1_000).maxOutputTokens(0));
    offer(request("a").inputTokens(1_000).maxOutputTokens(0));

    permits.remove().complete(usage(5));

    assertThat(permits).hasSize(1);
    assertThat(charged("a")).isEqualTo(5 + 5);
  }

  @Test
  void learnsThePromptsOfATenantThatDoesNotEstimate() {
    use(request("a").maxOutputTokens(0), Duration.ZERO, usage(700));

    offer(request("a").maxOutputTokens(0));

    assertThat(charged("a")).isEqualTo(1_400);
  }

  @Test
  void scalesTheCachedPartWithThePrompt() {
    use(request("a").inputTokens(1_000).maxOutputTokens(0), Duration.ZERO, usage(250));
    var request = request("a").inputTokens(1_000).cachedInputTokens(800).build();

    assertThat(request.cachedPartOf(250)).isEqualTo(200);
    assertThat(request.cachedPartOf(1_000)).isEqualTo(800);
    assertThat(request.cachedPartOf(0)).isZero();
  }

  // Deadlines that cannot be met

  @Test
  void refusesARequestOnArrivalThatCannotMakeItsObjectiveAlthoughThereIsRoom() {
    restart(feasible());

    offer(request("a").inputTokens(16_001).sloTarget(Duration.ofSeconds(2)));
    offer(request("a").inputTokens(16_000).sloTarget(Duration.ofSeconds(2)));

    assertThat(permits).hasSize(1);
    assertThat(refused)
        .singleElement()
        .isInstanceOfSatisfying(
            Admission.Rejected.class,
            rejected -> assertThat(rejected.reason()).isEqualTo(RejectReason.EXPIRED));
  }

  @Test
  void judgesWhatIsFeasibleByThePromptsThatWereLearned() {
    restart(feasible());
    use(request("a").inputTokens(4_000), Duration.ofSeconds(1), Usage.of(1_000, 10));

    offer(request("a").inputTokens(60_000).sloTarget(Duration.ofSeconds(2)));

    assertThat(permits).as("60,000 means 15,000").hasSize(1);
  }

  /**
   * Otherwise one strange prompt could have all later ones refused, and nothing would be learned.
   */
  @Test
  void doesNotRefuseWhatIsFeasibleByItsOwnEstimate() {
    restart(feasible());
    use(request("a").inputTokens(100), Duration.ofSeconds(1), Usage.of(10_000, 10));

    offer(request("a").inputTokens(1_000).sloTarget(Duration.ofSeconds(2)));

    assertThat(permits).hasSize(1);
  }

  @Test
  void countsOnlyThePromptTokensThatNoCacheHolds() {
    restart(feasible());

    offer(
        request("a")
            .inputTokens(60_000)
            .cachedInputTokens(50_000)
            .sloTarget(Duration.ofSeconds(2)));

    assertThat(permits).hasSize(1);
  }

  private static FlowControlConfig feasible() {
    return config("limit", 100)
        .defaultBand(
            BandConfig.DEFAULT.withOrdering(
                CATALOG.plugin(IntraFlowDispatchPolicy.class, "edf-feasible"),
                CATALOG.plugin(SafeQueue.class, "heap")))
        .build();
  }
}
