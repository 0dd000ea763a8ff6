package dev.sluice.flowcontrol.plugins.detectors;

import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.ANY;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.MS;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.NOW;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.OF_M;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.OF_N;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.SECOND;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.at;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.bind;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.gate;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.pool;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.flowcontrol.conformance.FakeRunning;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import org.junit.jupiter.api.Test;

/** The facts that the ledger takes from samples: load of other senders, and use of the KV cache. */
final class LedgerSamplesTest {
  // Samples

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
      var entry = new EndpointLedger.Entry(1, 1, now);
      ledger.arrive(entry, false);
      ledger.leave(entry, true, now);
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
    var request = run(gate, "a", 1).get(0);

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
    var request = run(gate, "a", 1, NOW - SECOND, 45_000).get(0);
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
}
