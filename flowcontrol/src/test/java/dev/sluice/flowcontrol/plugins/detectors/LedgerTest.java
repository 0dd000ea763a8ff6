package dev.sluice.flowcontrol.plugins.detectors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.flowcontrol.conformance.FakeRunning;
import dev.sluice.flowcontrol.conformance.SaturationDetectorConformance;
import dev.sluice.flowcontrol.contracts.CapacityGate;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.framework.InvalidPluginException;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.types.Eligibility;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The ledger, rule by rule. Each of these changes to {@link LedgerGate} or {@link EndpointLedger}
 * was tried, and made a test here or in {@link LedgerModelTest} fail:
 *
 * <ul>
 *   <li>room: no clipping; no weights; slots of endpoints that are short of KV cache; unbound
 *       requests, or their tokens, not counted; no headroom
 *   <li>samples: own requests taken for foreign; foreign ones ignored; those dispatched after the
 *       sample counted in it; those that ended after it not; ends stamped too early; no average; a
 *       new gate that takes older requests for foreign
 *   <li>KV cache: what no sample has seen not counted; what left not given back; no visibility
 *       delay; cached prompts counted; all of the output counted; NaN as room
 *   <li>staleness: a sample believed for ever, or until the pool changes; no stale factor; a stale
 *       endpoint full, empty, halted by foreign load, or at its last foreign load; learning from a
 *       stale sample; ends forgotten, or remembered for ever; a vanished endpoint's sample kept
 *   <li>learning, in {@link LearnedLimitTest}: growth without a binding limit; cuts while draining;
 *       no interval; a replaced endpoint that keeps its limit
 * </ul>
 */
final class LedgerTest extends SaturationDetectorConformance {
  private static final EligibilityClass ANY = new EligibilityClass(0, Eligibility.ANY);
  private static final EligibilityClass OF_M = new EligibilityClass(1, Eligibility.ofModel("m"));
  private static final EligibilityClass OF_N = new EligibilityClass(2, Eligibility.ofModel("n"));
  private static final long MS = 1_000_000L;
  private static final long SECOND = 1_000 * MS;
  private static final long NOW = 100 * SECOND;

  @Override
  protected SaturationDetector newDetector() {
    return new Ledger(Ledger.Parameters.fixed(16));
  }

  @Override
  protected boolean remembersWhatEnded() {
    return true;
  }

  // Room by requests

  @ParameterizedTest
  @CsvSource({"0, 0.0", "4, 0.25", "8, 0.5", "15, 0.9375", "16, 1.0", "20, 1.0"})
  void comparesRequestsWithTheLimitOfAnEndpoint(int running, double expected) {
    var gate = gate(15);
    gate.poolChanged(PoolSnapshot.of("a"), NOW);

    run(gate, "a", running);

    assertThat(gate.saturation(ANY, NOW)).isEqualTo(expected);
  }

  @Test
  void hidesNoRoomBehindAnOverloadedEndpoint() {
    var gate = gate(15);
    gate.poolChanged(pool(at(NOW, "a").running(160), at(NOW, "b")), NOW);

    assertThat(gate.saturation(ANY, NOW)).isEqualTo(0.5);
  }

  @Test
  void isSaturatedOnlyWhenNoEndpointHasRoom() {
    var gate = gate(15);
    gate.poolChanged(pool(at(NOW, "a").running(16), at(NOW, "b").running(15)), NOW);
    assertThat(gate.saturation(ANY, NOW)).isBetween(0.9, 0.99);

    run(gate, "b", 1);

    assertThat(gate.saturation(ANY, NOW)).isEqualTo(1.0);
  }

  @Test
  void weighsEndpointsByTheirCapacity() {
    var gate = gate(15);
    gate.poolChanged(pool(at(NOW, "a").weight(3).running(16), at(NOW, "b").weight(1)), NOW);

    assertThat(gate.saturation(ANY, NOW)).isCloseTo(0.75, within(1e-9));
  }

  @Test
  void judgesEachClassByTheEndpointsThatServeIt() {
    var gate = gate(15);
    gate.poolChanged(pool(at(NOW, "a").models("m").running(16), at(NOW, "b").models("n")), NOW);

    assertThat(gate.saturation(OF_M, NOW)).isEqualTo(1.0);
    assertThat(gate.saturation(OF_N, NOW)).isZero();
    assertThat(gate.saturation(ANY, NOW)).isEqualTo(0.5);
  }

  // Dispatched, not bound

  @Test
  void admitsExactlyWhatFitsWhileNothingIsBound() {
    var gate = gate(7);
    gate.poolChanged(pool(at(NOW, "a").running(3), at(NOW, "b").running(20), at(NOW, "c")), NOW);

    assertThat(drain(gate, 10).size()).isEqualTo(5 + 0 + 8);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void aDrainNeverExceedsTheRoomOfThePool(long seed) {
    var random = new Random(seed);
    for (var round = 0; round < 200; round++) {
      var limit = 2 + random.nextInt(20);
      var gate = gate(limit - 1);
      var onEndpoint = new int[1 + random.nextInt(6)];
      var states = new ArrayList<State>();
      var room = 0;
      for (var i = 0; i < onEndpoint.length; i++) {
        onEndpoint[i] = random.nextInt(30);
        room += Math.max(0, limit - onEndpoint[i]);
        states.add(at(NOW, "e" + i).running(onEndpoint[i]).weight(0.1 + random.nextInt(50)));
      }
      gate.poolChanged(pool(states.toArray(State[]::new)), NOW);

      var granted = 0;
      while (gate.saturation(ANY, NOW) < 1.0) {
        var request = grant(gate, ANY, 1, 1);
        granted++;
        if (random.nextInt(3) == 0) {
          var endpoint = 0;
          while (onEndpoint[endpoint] >= limit) {
            endpoint++;
          }
          onEndpoint[endpoint]++;
          bind(gate, request, "e" + endpoint);
        }
      }

      assertThat(granted).as("seed %d, round %d", seed, round).isEqualTo(room);
    }
  }

  @Test
  void countsAnUnboundRequestAgainstEveryClassThatSharesAnEndpoint() {
    var gate = gate(9);
    gate.poolChanged(pool(at(NOW, "both").models("m", "n"), at(NOW, "only-m").models("m")), NOW);

    var request = grant(gate, OF_M, 1, 1);
    assertThat(gate.saturation(OF_M, NOW)).isCloseTo(0.05, within(1e-9));
    assertThat(gate.saturation(OF_N, NOW)).isCloseTo(0.1, within(1e-9));

    bind(gate, request, "only-m");
    assertThat(gate.saturation(OF_M, NOW)).isCloseTo(0.05, within(1e-9));
    assertThat(gate.saturation(OF_N, NOW)).isZero();
  }

  @Test
  void countsNoSlotsOfOneEndpointTogetherWithTheCacheOfAnother() {
    var gate = gate(99);
    gate.poolChanged(
        pool(at(NOW, "few-slots").running(98).kv(0.0), at(NOW, "little-cache").kv(0.891)), NOW);

    var drained = drain(gate, 500);

    assertThat(drained.size()).isBetween(2, 4);
  }

  // What samples say

  @Test
  void addsForeignLoadOfTheSampleToItsOwn() {
    var gate = gate(15);
    gate.poolChanged(PoolSnapshot.of("a"), NOW - SECOND);
    run(gate, "a", 4, NOW - SECOND);

    gate.poolChanged(pool(at(NOW, "a").running(8).waiting(2)), NOW);
    run(gate, "a", 2);

    assertThat(gate.saturation(ANY, NOW)).isEqualTo((6 + 4 + 2) / 16.0);
  }

  @Test
  void takesNoneOfItsOwnRequestsForForeignWhoseEndCameAfterTheSample() {
    var gate = gate(15);
    gate.poolChanged(pool(at(NOW - 2 * SECOND, "a")), NOW - 2 * SECOND);
    var early = run(gate, "a", 4, NOW - SECOND);

    early.forEach(gate::returned);
    gate.saturation(ANY, NOW + 5 * MS);
    run(gate, "a", 2, NOW + 5 * MS);
    gate.poolChanged(pool(at(NOW, "a").running(4)), NOW + 10 * MS);

    assertThat(gate.saturation(ANY, NOW + 10 * MS)).isEqualTo(2 / 16.0);
  }

  @Test
  void takesNoneOfItsOwnRequestsForForeignWhenSamplesComeBackAfterAnOutage() {
    var gate = gate(15);
    gate.poolChanged(pool(at(NOW - 20 * SECOND, "a")), NOW - 20 * SECOND);
    var early = run(gate, "a", 4, NOW - SECOND);
    gate.saturation(ANY, NOW);

    early.forEach(gate::returned);
    gate.saturation(ANY, NOW + 5 * MS);
    gate.poolChanged(pool(at(NOW, "a").running(4)), NOW + 10 * MS);

    assertThat(gate.saturation(ANY, NOW + 10 * MS)).isZero();
  }

  @Test
  void takesNoneOfItsOwnRequestsForForeignWhoseEndCameBeforeTheOldSampleGrewStale() {
    var gate = gate(15);
    gate.poolChanged(pool(at(NOW, "a")), NOW);
    var early = run(gate, "a", 4, NOW + SECOND);

    early.forEach(gate::returned);
    gate.saturation(ANY, NOW + 4_990 * MS);
    gate.saturation(ANY, NOW + 5_000 * MS);
    gate.poolChanged(pool(at(NOW + 4_980 * MS, "a").running(4)), NOW + 5_010 * MS);

    assertThat(gate.saturation(ANY, NOW + 5_010 * MS)).isZero();
  }

  @Test
  void remembersOfWhatEndedDuringAnOutageOnlyTheLastSeconds() {
    var ledger = new EndpointLedger(Ledger.Parameters.fixed(15));
    ledger.stateChanged(at(NOW, "a").build(), NOW);

    for (var i = 0; i < 100_000; i++) {
      var now = NOW + i * 10L * MS;
      ledger.age(now);
      var entry = new EndpointLedger.Entry(1, now);
      ledger.arrive(entry, false);
      ledger.leave(entry, now);
    }

    assertThat(ledger.remembered()).isBetween(500, 502);
  }

  @Test
  void countsOnTopOfTheSampleWhatWasDispatchedSince() {
    var gate = gate(15);
    gate.poolChanged(pool(at(NOW, "a").running(8)), NOW);

    run(gate, "a", 8, NOW + MS);

    assertThat(gate.saturation(ANY, NOW + MS)).isEqualTo(1.0);
  }

  @Test
  void keepsItsOwnCountWhateverTheSampleSays() {
    var gate = gate(15);
    gate.poolChanged(PoolSnapshot.of("a"), NOW - SECOND);
    run(gate, "a", 16, NOW - SECOND);

    gate.poolChanged(pool(at(NOW, "a").running(3)), NOW);

    assertThat(gate.saturation(ANY, NOW)).isEqualTo(1.0);
  }

  @Test
  void givesRoomBackAtOnceWhenARequestEnds() {
    var gate = gate(15);
    gate.poolChanged(PoolSnapshot.of("a"), NOW - SECOND);
    var own = run(gate, "a", 8, NOW - SECOND);
    gate.poolChanged(pool(at(NOW, "a").running(16)), NOW);
    assertThat(gate.saturation(ANY, NOW)).isEqualTo(1.0);

    own.forEach(gate::returned);

    assertThat(gate.saturation(ANY, NOW)).isEqualTo(0.5);
  }

  @Test
  void movesARequestWithItsRetry() {
    var gate = gate(15);
    gate.poolChanged(pool(at(NOW, "a").models("m"), at(NOW, "b").models("n")), NOW);
    var request = run(gate, "a", 1).getFirst();

    bind(gate, request, "b");

    assertThat(gate.saturation(OF_M, NOW)).isZero();
    assertThat(gate.saturation(OF_N, NOW)).isEqualTo(1 / 16.0);
    gate.returned(request);
    assertThat(gate.saturation(OF_N, NOW)).isZero();
  }

  @Test
  void knowsInANewGateThatOlderRequestsAreItsOwn() {
    var gate = gate(15);
    gate.poolChanged(pool(at(NOW, "a").running(8)), NOW + MS);

    run(gate, "a", 8, NOW - SECOND);

    assertThat(gate.saturation(ANY, NOW + MS)).isEqualTo(0.5);
  }

  // KV cache

  @Test
  void isFullAtNineTenthsOfTheCache() {
    var gate = gate(15);

    gate.poolChanged(pool(at(NOW, "a").kv(0.45)), NOW);
    assertThat(gate.saturation(ANY, NOW)).isCloseTo(0.5, within(1e-9));
    gate.poolChanged(pool(at(NOW + 1, "a").kv(0.9)), NOW + 1);
    assertThat(gate.saturation(ANY, NOW + 1)).isEqualTo(1.0);
  }

  @Test
  void countsUncachedPromptAndHalfTheOutputOfWhatNoSampleHasSeen() {
    var gate = gate(15);
    gate.poolChanged(pool(at(NOW, "a").kv(0.3)), NOW);

    var request = new FakeRunning(ANY, NOW + MS, 30_000, 10_000, 20_000);
    gate.granted(request);
    assertThat(gate.saturation(ANY, NOW + MS))
        .isCloseTo((30_000 + 30_000) / 90_000.0, within(1e-6));
    bind(gate, request, "a");

    assertThat(gate.saturation(ANY, NOW + MS))
        .isCloseTo((30_000 + 30_000) / 90_000.0, within(1e-6));
  }

  @Test
  void countsARequestsCacheOnceWhenTheSampleHasSeenIt() {
    var gate = gate(15);
    gate.poolChanged(pool(at(NOW, "a").kv(0.0)), NOW);
    run(gate, "a", 1, NOW, 45_000);

    gate.poolChanged(pool(at(NOW + 99 * MS, "a").running(1).kv(0.45)), NOW + 99 * MS);
    assertThat(gate.saturation(ANY, NOW + 99 * MS)).isEqualTo(1.0);
    gate.poolChanged(pool(at(NOW + 100 * MS, "a").running(1).kv(0.45)), NOW + 100 * MS);
    assertThat(gate.saturation(ANY, NOW + 100 * MS)).isCloseTo(0.5, within(1e-9));
  }

  @Test
  void givesTheCacheBackThatARequestOfTheSampleHeld() {
    var gate = gate(15);
    gate.poolChanged(PoolSnapshot.of("a"), NOW - SECOND);
    var request = run(gate, "a", 1, NOW - SECOND, 45_000).getFirst();
    gate.poolChanged(pool(at(NOW, "a").running(1).kv(0.9)), NOW);
    assertThat(gate.saturation(ANY, NOW)).isEqualTo(1.0);

    gate.returned(request);

    assertThat(gate.saturation(ANY, NOW)).isCloseTo(0.5, within(1e-9));
  }

  @Test
  void judgesByUtilisationWhereTheSizeOfTheCacheIsUnknown() {
    var gate = gate(15);
    gate.poolChanged(pool(at(NOW, "a").kv(0.45).kvCapacity(0)), NOW);

    run(gate, "a", 1, NOW, 1_000_000);

    assertThat(gate.saturation(ANY, NOW)).isCloseTo(0.5, within(1e-9));
  }

  @Test
  void hasNoRoomWhereTheUtilisationIsNoNumber() {
    var gate = gate(15);
    gate.poolChanged(pool(at(NOW, "a").kv(Double.NaN)), NOW);
    assertThat(gate.saturation(ANY, NOW)).isEqualTo(1.0);

    gate.poolChanged(pool(at(NOW, "a").kv(Double.NaN), at(NOW, "b")), NOW);

    assertThat(gate.saturation(ANY, NOW)).isEqualTo(0.5);
  }

  // The staleness ladder

  @ParameterizedTest
  @ValueSource(longs = {0, 50, 100, 1_000, 4_999})
  void believesASampleAndTheLedgerUntilItIsFiveSecondsOld(long ageMillis) {
    var gate = gate(15);
    gate.poolChanged(pool(at(NOW, "a").running(4)), NOW);
    run(gate, "a", 4, NOW + MS);

    assertThat(gate.saturation(ANY, NOW + ageMillis * MS)).isEqualTo(0.5);
  }

  @Test
  void givesFourFifthsOfTheLimitWithoutTheSampleWhenThatIsFiveSecondsOld() {
    var gate = gate(19);
    gate.poolChanged(pool(at(NOW, "a").kv(0.89)), NOW);
    run(gate, "a", 4, NOW + MS);
    assertThat(gate.saturation(ANY, NOW + 4_999 * MS)).isGreaterThan(0.9);

    assertThat(gate.saturation(ANY, NOW + 5_000 * MS)).isEqualTo(4 / 16.0);
  }

  @Test
  void countsTheUsualForeignLoadWhenTheSampleIsFiveSecondsOld() {
    var gate = gate(19);
    for (var i = 0; i < 300; i++) {
      var now = NOW + i * SECOND;
      gate.poolChanged(pool(at(now, "a").running(i % 2 == 0 ? 0 : 8)), now);
    }
    var last = NOW + 299 * SECOND;

    assertThat(gate.saturation(ANY, last)).isCloseTo(8 / 20.0, within(1e-9));
    assertThat(gate.saturation(ANY, last + 5 * SECOND)).isEqualTo(4 / 16.0);
  }

  @Test
  void neitherHaltsNorOpensBlindlyWhenAllSamplesAreStale() {
    var gate = gate(19);
    gate.poolChanged(pool(at(NOW, "a").running(20), at(NOW, "b").running(20).kv(0.95)), NOW);
    assertThat(gate.saturation(ANY, NOW)).isEqualTo(1.0);

    var hours = NOW + 10_000 * SECOND;
    assertThat(gate.saturation(ANY, hours)).isEqualTo(0.5);
    var granted = 0;
    while (gate.saturation(ANY, hours) < 1.0) {
      bind(gate, grant(gate, ANY, 1, 1, hours), granted % 2 == 0 ? "a" : "b");
      granted++;
    }

    assertThat(granted).isEqualTo(16);
  }

  @Test
  void comparesItsOwnCacheEstimateWithTheCacheWhenTheSampleIsStale() {
    var gate = gate(19);
    gate.poolChanged(pool(at(NOW, "a").kv(0.2)), NOW);
    run(gate, "a", 1, NOW, 45_000);

    assertThat(gate.saturation(ANY, NOW + 6 * SECOND)).isCloseTo(0.5, within(1e-9));
  }

  @Test
  void keepsDispatchingToAnEndpointWithOneSlotWhenItsSampleIsStale() {
    var gate = new Ledger(parameters(1, 0, 0.5)).newGate();
    gate.classAdded(ANY);
    gate.poolChanged(pool(at(NOW, "a")), NOW);

    assertThat(gate.saturation(ANY, NOW + 6 * SECOND)).isZero();
    run(gate, "a", 1, NOW + 6 * SECOND);
    assertThat(gate.saturation(ANY, NOW + 6 * SECOND)).isEqualTo(1.0);
  }

  @Test
  void believesTheNextSampleAfterAnOutage() {
    var gate = gate(19);
    gate.poolChanged(pool(at(NOW, "a").running(4)), NOW);
    run(gate, "a", 4, NOW + MS);
    gate.saturation(ANY, NOW + 30 * SECOND);

    var later = NOW + 31 * SECOND;
    gate.poolChanged(pool(at(later, "a").running(10)), later);

    assertThat(gate.saturation(ANY, later)).isEqualTo(10 / 20.0);
  }

  @Test
  void doesNotBelieveAnOldSampleThatIsPublishedAgain() {
    var gate = gate(19);
    var states = pool(at(NOW, "a").kv(0.95));
    gate.poolChanged(states, NOW);

    gate.poolChanged(states, NOW + 6 * SECOND);

    assertThat(gate.saturation(ANY, NOW + 6 * SECOND)).isZero();
  }

  @Test
  void doesNotCountAnUnhealthyEndpoint() {
    var gate = gate(15);

    gate.poolChanged(pool(at(NOW, "a").unhealthy(), at(NOW, "b").running(8)), NOW);

    assertThat(gate.saturation(ANY, NOW)).isEqualTo(0.5);
  }

  @Test
  void judgesAnEndpointThatWasNeverSampledByTheLedgerAndTheStartLimit() {
    var gate = newGate(Ledger.Parameters.DEFAULT);
    gate.poolChanged(PoolSnapshot.of("a"), NOW);

    run(gate, "a", 13);

    assertThat(gate.saturation(ANY, NOW + 100 * SECOND)).isCloseTo(13 / 65.0, within(1e-9));
  }

  @Test
  void staysRightWhenSomeEndpointsGrowStaleBeforeOthers() {
    var gate = gate(19);
    gate.poolChanged(pool(at(NOW, "a").kv(0.95), at(NOW + SECOND, "b").kv(0.95)), NOW + SECOND);

    assertThat(gate.saturation(ANY, NOW + 4_999 * MS)).isEqualTo(1.0);
    assertThat(gate.saturation(ANY, NOW + 5_000 * MS)).isEqualTo(0.5);
    assertThat(gate.saturation(ANY, NOW + 5_999 * MS)).isEqualTo(0.5);
    assertThat(gate.saturation(ANY, NOW + 6_000 * MS)).isZero();
  }

  // Learning, through the gate

  @Test
  void learnsALargerLimitWhileItIsBindingAndFreezesItWhenSamplesStop() {
    var gate = newGate(learning(10));
    gate.poolChanged(pool(at(NOW, "a")), NOW);
    run(gate, "a", 11, NOW);
    assertThat(gate.saturation(ANY, NOW)).isEqualTo(1.0);

    for (var i = 1; i <= 4; i++) {
      var now = NOW + i * 200L * MS;
      gate.poolChanged(pool(at(now, "a").running(11)), now);
    }

    assertThat(gate.saturation(ANY, NOW + SECOND)).isCloseTo(11 / 13.0, within(1e-9));
    assertThat(gate.saturation(ANY, NOW + 10 * SECOND)).isEqualTo(1.0);
    var later = NOW + 20 * SECOND;
    gate.poolChanged(pool(at(later - 6 * SECOND, "a").running(11)), later);
    gate.poolChanged(pool(at(later, "a").running(11)), later);
    assertThat(gate.saturation(ANY, later)).isCloseTo(11 / 13.0, within(1e-9));
  }

  @Test
  void learnsNothingFromASampleThatComesTooLateToBelieve() {
    var gate = newGate(learning(10));
    gate.poolChanged(pool(at(NOW, "a")), NOW);
    run(gate, "a", 11, NOW);

    var late = NOW + 20 * SECOND;
    gate.poolChanged(pool(at(late - 6 * SECOND, "a").running(11)), late);
    gate.poolChanged(pool(at(late, "a").running(11)), late);

    assertThat(gate.saturation(ANY, late)).isCloseTo(11 / 12.0, within(1e-9));
  }

  @Test
  void startsAnewWithAnEndpointThatWasReplaced() {
    var gate = newGate(learning(10));
    gate.poolChanged(pool(at(NOW, "a")), NOW);
    run(gate, "a", 5, NOW);
    var later = NOW + SECOND;
    gate.poolChanged(pool(at(later, "a").running(1).waiting(4)), later);
    assertThat(gate.saturation(ANY, later)).isCloseTo(5 / 10.0, within(1e-9));

    gate.poolChanged(PoolSnapshot.of("a"), later);

    assertThat(gate.saturation(ANY, later)).isCloseTo(5 / 11.0, within(1e-9));
  }

  // Endpoints that come and go

  @Test
  void anEndpointThatReturnsStillHasWhatRunsOnIt() {
    var gate = gate(15);
    gate.poolChanged(pool(at(NOW, "a").running(8), at(NOW, "b")), NOW);
    var own = run(gate, "a", 4);

    gate.poolChanged(pool(at(NOW, "b")), NOW);
    assertThat(gate.saturation(ANY, NOW)).isZero();
    gate.returned(own.getFirst());
    gate.poolChanged(pool(at(NOW + MS, "a").running(3)), NOW + MS);

    assertThat(gate.saturation(ANY, NOW + MS)).isEqualTo(3 / 16.0);
  }

  @Test
  void isExactAfterManyGrantsAndReturns() {
    var gate = gate(15);
    gate.poolChanged(pool(at(NOW, "a").kv(0.123), at(NOW, "b").kv(0.3).weight(0.7)), NOW);
    var before = gate.saturation(ANY, NOW);

    for (var i = 0; i < 200; i++) {
      run(gate, "a", 30, NOW + i, 7).forEach(gate::returned);
      drain(gate, 13).forEach(gate::returned);
    }

    assertThat(gate.saturation(ANY, NOW)).isEqualTo(before);
  }

  // Parameters

  @ParameterizedTest
  @CsvSource({
    "fixedLimit, -1, 0 to",
    "minLimit, 0, 1 to",
    "startLimit, 3, 4 to",
    "maxLimit, 63, 64 to",
    "headroom, -1, 0 to",
    "kvLimit, 0, above 0",
    "kvLimit, 1.01, at most 1",
    "staleFactor, 0, above 0",
    "staleFactor, 1.5, at most 1"
  })
  void refusesParametersOutsideTheirRanges(String name, double value, String allowed) {
    assertThatThrownBy(() ->
            PluginCatalog.builtIn().plugin(SaturationDetector.class, "ledger", Map.of(name, value)))
        .isInstanceOf(InvalidPluginException.class)
        .hasMessageContaining(name + ": got")
        .hasMessageContaining(allowed);
  }

  @ParameterizedTest
  @CsvSource({"staleAfter, 0s, '> 0'", "learningInterval, -, 'duration'"})
  void refusesDurationsOutsideTheirRanges(String name, String value, String allowed) {
    assertThatThrownBy(() ->
            PluginCatalog.builtIn().plugin(SaturationDetector.class, "ledger", Map.of(name, value)))
        .isInstanceOf(InvalidPluginException.class)
        .hasMessageContaining(name)
        .hasMessageContaining(allowed);
  }

  private static CapacityGate gate(int fixedLimit) {
    return newGate(Ledger.Parameters.fixed(fixedLimit));
  }

  private static CapacityGate newGate(Ledger.Parameters parameters) {
    var gate = new Ledger(parameters).newGate();
    gate.classAdded(ANY);
    gate.classAdded(OF_M);
    gate.classAdded(OF_N);
    return gate;
  }

  private static Ledger.Parameters learning(int startLimit) {
    var defaults = Ledger.Parameters.DEFAULT;
    return new Ledger.Parameters(
        0,
        startLimit,
        defaults.minLimit(),
        defaults.maxLimit(),
        defaults.headroom(),
        defaults.kvLimit(),
        defaults.staleAfter(),
        defaults.staleFactor(),
        defaults.visibilityDelay(),
        defaults.learningInterval());
  }

  private static Ledger.Parameters parameters(int fixedLimit, int headroom, double staleFactor) {
    var defaults = Ledger.Parameters.DEFAULT;
    return new Ledger.Parameters(
        fixedLimit,
        defaults.startLimit(),
        defaults.minLimit(),
        defaults.maxLimit(),
        headroom,
        defaults.kvLimit(),
        defaults.staleAfter(),
        staleFactor,
        defaults.visibilityDelay(),
        defaults.learningInterval());
  }

  private static List<FakeRunning> drain(CapacityGate gate, int tokensEach) {
    var granted = new ArrayList<FakeRunning>();
    while (gate.saturation(ANY, NOW) < 1.0) {
      granted.add(grant(gate, ANY, tokensEach, 0));
    }
    return granted;
  }

  private static FakeRunning grant(
      CapacityGate gate, EligibilityClass needs, int inputTokens, int outputTokens) {
    return grant(gate, needs, inputTokens, outputTokens, NOW);
  }

  private static FakeRunning grant(
      CapacityGate gate, EligibilityClass needs, int inputTokens, int outputTokens, long now) {
    var request = new FakeRunning(needs, now, inputTokens, outputTokens);
    gate.granted(request);
    return request;
  }

  private static void bind(CapacityGate gate, FakeRunning request, String endpoint) {
    gate.bound(request, request.bind(endpoint));
  }

  private static List<FakeRunning> run(CapacityGate gate, String endpoint, int requests) {
    return run(gate, endpoint, requests, NOW);
  }

  private static List<FakeRunning> run(CapacityGate gate, String endpoint, int requests, long now) {
    return run(gate, endpoint, requests, now, 1);
  }

  private static List<FakeRunning> run(
      CapacityGate gate, String endpoint, int requests, long now, int tokensEach) {
    var running = new ArrayList<FakeRunning>();
    for (var i = 0; i < requests; i++) {
      var request = grant(gate, ANY, tokensEach, 0, now);
      bind(gate, request, endpoint);
      running.add(request);
    }
    return running;
  }

  private static PoolSnapshot pool(State... states) {
    return new PoolSnapshot(Arrays.stream(states).map(State::build).toList());
  }

  private static State at(long sampledAtNanos, String id) {
    return new State(id, sampledAtNanos);
  }

  /** An endpoint with a KV cache of 100,000 tokens, sampled at a time. */
  private static final class State {
    private final String id;
    private final long sampledAtNanos;
    private Set<String> models = Set.of();
    private boolean healthy = true;
    private int waiting;
    private int running;
    private double kv;
    private long kvCapacity = 100_000;
    private double weight = 1.0;

    State(String id, long sampledAtNanos) {
      this.id = id;
      this.sampledAtNanos = sampledAtNanos;
    }

    State models(String... names) {
      models = Set.of(names);
      return this;
    }

    State unhealthy() {
      healthy = false;
      return this;
    }

    State waiting(int requests) {
      waiting = requests;
      return this;
    }

    State running(int requests) {
      running = requests;
      return this;
    }

    State kv(double utilization) {
      kv = utilization;
      return this;
    }

    State kvCapacity(long tokens) {
      kvCapacity = tokens;
      return this;
    }

    State weight(double relative) {
      weight = relative;
      return this;
    }

    EndpointState build() {
      return new EndpointState(
          id,
          models,
          Set.of(),
          healthy,
          waiting,
          running,
          kv,
          kvCapacity,
          0,
          weight,
          sampledAtNanos);
    }
  }
}
