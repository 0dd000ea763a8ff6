package dev.sluice.flowcontrol.plugins.fairness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.flowcontrol.conformance.FairnessDriver;
import dev.sluice.flowcontrol.conformance.FakeFlow;
import dev.sluice.flowcontrol.conformance.InterFlowDispatchPolicyConformance;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.types.Cost;
import dev.sluice.flowcontrol.types.Eligibility;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class DeficitRoundRobinTest extends InterFlowDispatchPolicyConformance {
  private static final EligibilityClass ANY = new EligibilityClass(0, Eligibility.ANY);
  private static final List<EligibilityClass> OPEN = List.of(ANY);
  private static final long TOKEN = Cost.UNITS_PER_TOKEN;

  @Override
  protected InterFlowDispatchPolicy newPolicy() {
    return new DeficitRoundRobin(new DeficitRoundRobin.Parameters(100));
  }

  /** With any quantum, service per weight differs by at most a quantum and two requests. */
  @ParameterizedTest
  @CsvSource({"1, 4000", "2, 4000", "3, 100", "4, 7"})
  void sharesByWeight(long seed, long quantum) {
    var random = new Random(seed);
    var policy = new DeficitRoundRobin(new DeficitRoundRobin.Parameters(quantum));
    var driver = new FairnessDriver(policy);
    var flows = List.of(FakeFlow.of("a", 1), FakeFlow.of("b", 3));
    var service = new double[2];
    for (var i = 0; i < 5_000; i++) {
      for (var flow : flows) {
        while (driver.queue(flow, ANY).size() < 2) {
          driver.offer(flow, ANY, (1 + random.nextInt(1_000)) * TOKEN);
        }
      }
      var served = driver.serveOne(OPEN);
      var index = served.request().flow().id().equals("a") ? 0 : 1;
      service[index] += Cost.tokens(served.estimatedCost()) / flows.get(index).weight();
      assertThat(Math.abs(service[0] - service[1]))
          .as("at %d, seed %d, quantum %d", i, seed, quantum)
          .isLessThanOrEqualTo(quantum + 2_000.0);
    }
  }

  @Test
  void servesOneFlowUntilItsCreditIsSpent() {
    var driver = new FairnessDriver(newPolicy());
    for (var i = 0; i < 10; i++) {
      driver.offer(FakeFlow.of("x", 1), ANY, 1);
    }
    var a = FakeFlow.of("a", 1);
    var b = FakeFlow.of("b", 1);
    for (var i = 0; i < 10; i++) {
      driver.offer(a, ANY, 40 * TOKEN);
      driver.offer(b, ANY, 40 * TOKEN);
    }
    for (var i = 0; i < 10; i++) {
      driver.serve(OPEN);
    }

    var order = new StringBuilder();
    for (var i = 0; i < 8; i++) {
      order.append(driver.serveOne(OPEN).request().flow().id());
    }
    assertThat(order.toString()).isEqualTo("aaabbbaa");
  }

  @Test
  void refusesAQuantumOutsideItsRange() {
    assertThatThrownBy(() -> new DeficitRoundRobin.Parameters(0))
        .hasMessage("quantumTokens: got 0, allowed 1 to 2^40");
  }
}
