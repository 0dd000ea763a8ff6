package dev.sluice.flowcontrol.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules for every {@link QueueAdmissionPolicy}. */
public abstract class QueueAdmissionPolicyConformance {

  /** A policy of the type under test. */
  protected abstract QueueAdmissionPolicy newPolicy();

  @Test
  void admitsTheFirstRequestOfAnEmptyBand() {
    var policy = newPolicy();

    var flow = FakeFlow.of("a", 1);

    assertThat(policy.admits(flow, flow, FakeBand.empty(100, 1 << 20), 10, 100)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void answersWhateverTheBacklog(long seed) {
    var random = new Random(seed);
    var policy = newPolicy();

    for (var i = 0; i < 10_000; i++) {
      var requests = random.nextInt(1_000);
      var flow =
          FakeFlow.of("a", 1 + random.nextInt(5))
              .backlog(random.nextInt(requests + 1), requests, random.nextLong(1 << 30));
      var band = FakeBand.holding(requests, requests * 10L, 1_000, 10_000, 1 + random.nextInt(20));
      var cost = random.nextLong(1 << 30);

      assertThatCode(() -> policy.admits(flow, flow, band, cost, 10))
          .as("seed %d", seed)
          .doesNotThrowAnyException();
    }
  }
}
