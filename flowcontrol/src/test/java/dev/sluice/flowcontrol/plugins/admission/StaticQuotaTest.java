package dev.sluice.flowcontrol.plugins.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.flowcontrol.conformance.FakeBand;
import dev.sluice.flowcontrol.conformance.FakeFlow;
import dev.sluice.flowcontrol.conformance.QueueAdmissionPolicyConformance;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;
import org.junit.jupiter.api.Test;

final class StaticQuotaTest extends QueueAdmissionPolicyConformance {
  private static final FakeBand BAND = FakeBand.holding(5, 50, 1_000, 1 << 20, 3);

  @Override
  protected QueueAdmissionPolicy newPolicy() {
    return new StaticQuota(new StaticQuota.Parameters(3, 100));
  }

  @Test
  void admitsUpToTheQuotaAndNoFurther() {
    assertThat(admits(2, 20, 1, 80)).isTrue();
    assertThat(admits(3, 20, 1, 10)).as("requests").isFalse();
    assertThat(admits(2, 20, 1, 81)).as("bytes").isFalse();
  }

  @Test
  void admitsByWeight() {
    assertThat(admits(5, 20, 2, 10)).isTrue();
    assertThat(admits(6, 20, 2, 10)).isFalse();
  }

  @Test
  void refusesNegativeQuotas() {
    assertThatThrownBy(() -> new StaticQuota.Parameters(-1, 0))
        .hasMessage("maxRequestsPerFlow: got -1, allowed >= 0");
    assertThatThrownBy(() -> new StaticQuota.Parameters(0, -1))
        .hasMessage("maxBytesPerFlow: got -1, allowed >= 0");
  }

  private boolean admits(int queued, long bytes, double weight, long size) {
    var flow = FakeFlow.of("a", 1).backlog(queued, bytes, 0);
    return newPolicy().admits(flow, FakeFlow.of("t", weight), BAND, 1, size);
  }
}
