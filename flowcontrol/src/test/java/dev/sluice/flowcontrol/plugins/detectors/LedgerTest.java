package dev.sluice.flowcontrol.plugins.detectors;

import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.ANY;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.MS;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.NOW;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.OF_M;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.OF_N;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.at;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.bind;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.drain;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.gate;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.grant;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.pool;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.flowcontrol.conformance.SaturationDetectorConformance;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.framework.InvalidPluginException;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.State;
import java.util.ArrayList;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The ledger's room, rule by rule. {@link LedgerSamplesTest} has the rules about samples, {@link
 * LedgerStalenessTest} those about stale ones. Each of these changes to {@link LedgerGate} or
 * {@link EndpointLedger} was tried, and made one of these tests or {@link LedgerModelTest} fail:
 *
 * <ul>
 *   <li>room: no clipping; no weights; slots of endpoints that are short of KV cache; unbound
 *       requests, or their tokens, not counted; no headroom
 *   <li>samples: own requests taken for those of other senders; foreign ones ignored; those
 *       dispatched after the sample counted in it; those that ended after it not; ends stamped too
 *       early; no average; a new gate that takes older requests for foreign
 *   <li>KV cache: tokens that no sample has seen not counted; tokens of ended requests not given
 *       back; no visibility delay; cached prompts counted; all of the output counted; NaN as room
 *   <li>staleness: a sample believed for ever, or until the pool changes; no stale factor; a stale
 *       endpoint full, empty, halted by foreign load, or at its last foreign load; learning from a
 *       stale sample; ends forgotten, or remembered for ever; a vanished endpoint's sample kept
 * </ul>
 *
 * <p>The rules of learning are in {@link LearnedLimitTest} and {@link AnswersTest}; no changes to
 * them were tried yet.
 */
final class LedgerTest extends SaturationDetectorConformance {
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

  // Endpoints that come and go

  @Test
  void anEndpointThatReturnsStillHasWhatRunsOnIt() {
    var gate = gate(15);
    gate.poolChanged(pool(at(NOW, "a").running(8), at(NOW, "b")), NOW);
    var own = run(gate, "a", 4);

    gate.poolChanged(pool(at(NOW, "b")), NOW);
    assertThat(gate.saturation(ANY, NOW)).isZero();
    gate.returned(own.get(0));
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
    "startLimit, 0, 1 to",
    "maxLimit, 7, 8 to",
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
}
