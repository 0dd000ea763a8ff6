package dev.sluice.flowcontrol.plugins.fairness;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.conformance.FairnessDriver;
import dev.sluice.flowcontrol.conformance.FakeFlow;
import dev.sluice.flowcontrol.conformance.InterFlowDispatchPolicyConformance;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.types.Eligibility;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class VirtualTokenCounterTest extends InterFlowDispatchPolicyConformance {
  private static final EligibilityClass ANY = new EligibilityClass(0, Eligibility.ANY);
  private static final List<EligibilityClass> OPEN = List.of(ANY);

  @Override
  protected InterFlowDispatchPolicy newPolicy() {
    return new VirtualTokenCounter();
  }

  /** Sheng et al.: the counters of flows that wait differ by one request's cost at most. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void keepsTheServicePerWeightTogether(long seed) {
    var random = new Random(seed);
    var driver = new FairnessDriver(newPolicy());
    var flows = List.of(FakeFlow.of("a", 1), FakeFlow.of("b", 2));
    var service = new double[2];
    for (var i = 0; i < 5_000; i++) {
      for (var flow : flows) {
        while (driver.queue(flow, ANY).size() < 2) {
          driver.offer(flow, ANY, 1 + random.nextInt(1_000));
        }
      }
      var served = driver.serveOne(OPEN);
      var index = served.request().flow().id().equals("a") ? 0 : 1;
      service[index] += served.estimatedCost() / flows.get(index).weight();
      assertThat(Math.abs(service[0] - service[1])).as("seed %d", seed).isLessThanOrEqualTo(1_001);
    }
  }

  @Test
  void liftsANewcomerToTheLeastOfThoseThatWait() {
    var driver = new FairnessDriver(newPolicy());
    var steady = FakeFlow.of("steady", 1);
    for (var i = 0; i < 200; i++) {
      driver.offer(steady, ANY, 10);
    }
    for (var i = 0; i < 50; i++) {
      driver.serve(OPEN);
    }
    var late = FakeFlow.of("late", 1);
    for (var i = 0; i < 100; i++) {
      driver.offer(late, ANY, 10);
    }

    var turnsOfLate = 0;
    for (var i = 0; i < 100; i++) {
      turnsOfLate += driver.serveOne(OPEN).request().flow().id().equals("late") ? 1 : 0;
    }
    assertThat(turnsOfLate).isBetween(49, 51);
  }

  @Test
  void liftsANewcomerToTheOneThatLeftLastIfNoneWaits() {
    var driver = new FairnessDriver(newPolicy());
    var gone = FakeFlow.of("gone", 1);
    driver.offer(gone, ANY, 1_000);
    driver.serve(OPEN);
    var fresh = FakeFlow.of("fresh", 1);
    for (var i = 0; i < 20; i++) {
      driver.offer(fresh, ANY, 10);
    }
    driver.offer(gone, ANY, 10);

    driver.serve(OPEN);
    assertThat(driver.serveOne(OPEN).request().flow().id()).isEqualTo("gone");
  }

  @Test
  void chargesCorrections() {
    var policy = newPolicy();
    var driver = new FairnessDriver(policy);
    var liar = FakeFlow.of("liar", 1);
    var honest = FakeFlow.of("honest", 1);
    for (var i = 0; i < 20; i++) {
      driver.offer(liar, ANY, 10);
      driver.offer(honest, ANY, 10);
    }
    driver.serve(OPEN);
    policy.corrected(liar, 40);

    for (var i = 0; i < 5; i++) {
      assertThat(driver.serveOne(OPEN).request().flow().id()).isEqualTo("honest");
    }
  }
}
