package dev.sluice.flowcontrol.plugins.detectors;

import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.ANY;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.MS;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.NOW;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.SECOND;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.at;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.bind;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.gate;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.grant;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.learning;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.newGate;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.parameters;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.pool;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.flowcontrol.contracts.CapacityGate;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The ledger when samples stop, and its learning while they come. */
final class LedgerStalenessTest {
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

    run(gate, "a", 2);

    assertThat(gate.saturation(ANY, NOW + 100 * SECOND)).isEqualTo(2 / 8.0);
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
  void learnsALargerLimitWhileItIsBinding() {
    var gate = newGate(learning(8));

    learnALimitOfSixteen(gate);

    assertThat(gate.saturation(ANY, NOW + SECOND)).isEqualTo(8 / 16.0);
  }

  @Test
  void keepsTheLearntLimitThroughAnOutageOfSamples() {
    var gate = newGate(learning(8));
    learnALimitOfSixteen(gate);
    assertThat(gate.saturation(ANY, NOW + 10 * SECOND))
        .as("four fifths")
        .isCloseTo(8 / 12.0, within(1e-9));

    var later = NOW + 20 * SECOND;
    gate.poolChanged(pool(at(later - 6 * SECOND, "a").running(8)), later);
    gate.poolChanged(pool(at(later, "a").running(8)), later);

    assertThat(gate.saturation(ANY, later)).isEqualTo(8 / 16.0);
  }

  /** Keeps an endpoint with a limit of 8 full for some samples. */
  private static void learnALimitOfSixteen(CapacityGate gate) {
    gate.poolChanged(pool(at(NOW, "a")), NOW);
    run(gate, "a", 8, NOW);
    assertThat(gate.saturation(ANY, NOW)).isEqualTo(1.0);
    for (var i = 1; i <= 4; i++) {
      var now = NOW + i * 200L * MS;
      gate.poolChanged(pool(at(now, "a").running(8)), now);
    }
  }

  @Test
  void aNewGateKeepsWhatTheOneBeforeHasLearned() {
    var before = newGate(learning(8));
    learnALimitOfSixteen(before);
    var gate = new Ledger(learning(7)).newGate();

    gate.succeed(before);
    gate.classAdded(ANY);
    gate.poolChanged(pool(at(NOW + SECOND, "a").running(8), at(NOW, "b")), NOW + SECOND);

    assertThat(gate.saturation(ANY, NOW + SECOND)).isEqualTo(1 - (0.5 + 1) / 2);
  }

  @Test
  void learnsNothingFromASampleThatComesTooLateToBelieve() {
    var gate = newGate(learning(8));
    gate.poolChanged(pool(at(NOW, "a")), NOW);
    run(gate, "a", 8, NOW);

    var late = NOW + 20 * SECOND;
    gate.poolChanged(pool(at(late - 6 * SECOND, "a").running(8)), late);

    assertThat(gate.saturation(ANY, late)).as("six").isEqualTo(1.0);
    gate.poolChanged(pool(at(late, "a").running(6)), late);
    assertThat(gate.saturation(ANY, late)).as("eight").isEqualTo(1.0);
  }

  @Test
  void startsAnewWithAnEndpointThatWasReplaced() {
    var gate = newGate(learning(8));
    learnALimitOfSixteen(gate);
    assertThat(gate.saturation(ANY, NOW + SECOND)).isEqualTo(8 / 16.0);

    gate.poolChanged(PoolSnapshot.of("a"), NOW + SECOND);

    assertThat(gate.saturation(ANY, NOW + SECOND)).isEqualTo(1.0);
  }
}
