package dev.sluice.flowcontrol.plugins.admission;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.conformance.FakeBand;
import dev.sluice.flowcontrol.conformance.FakeFlow;
import dev.sluice.flowcontrol.conformance.QueueAdmissionPolicyConformance;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;
import org.junit.jupiter.api.Test;

final class DynamicThresholdTest extends QueueAdmissionPolicyConformance {
  private static final long PLENTY = 1L << 40;

  @Override
  protected QueueAdmissionPolicy newPolicy() {
    return new DynamicThreshold(DynamicThreshold.Parameters.DEFAULT);
  }

  @Test
  void leavesAFlowAloneThatIsAlone() {
    assertThat(admits(flow(1, 90), FakeBand.holding(90, 0, 100, PLENTY, 1))).isTrue();
  }

  @Test
  void refusesAFlowThatHasAsMuchAsIsFree() {
    assertThat(admits(flow(1, 40), FakeBand.holding(59, 0, 100, PLENTY, 2))).isTrue();
    assertThat(admits(flow(1, 40), FakeBand.holding(60, 0, 100, PLENTY, 2))).isFalse();
  }

  @Test
  void countsTheNewcomersFlow() {
    assertThat(admits(flow(1, 0), FakeBand.holding(99, 0, 100, PLENTY, 1))).isTrue();
    assertThat(admits(flow(1, 0), FakeBand.holding(100, 0, 100, PLENTY, 1))).isFalse();
  }

  @Test
  void letsAFlowQueueByItsWeight() {
    assertThat(admits(flow(2, 79), FakeBand.holding(60, 0, 100, PLENTY, 2))).isTrue();
    assertThat(admits(flow(2, 80), FakeBand.holding(60, 0, 100, PLENTY, 2))).isFalse();
  }

  @Test
  void countsBytesAsWell() {
    var flow = FakeFlow.of("a", 1).backlog(1, 500, 0);

    assertThat(admits(flow, FakeBand.holding(2, 499, 100, 1_000, 2))).isTrue();
    assertThat(admits(flow, FakeBand.holding(2, 500, 100, 1_000, 2))).isFalse();
  }

  @Test
  void refusesATenantThatOpensMoreFlows() {
    var flow = flow(1, 0);
    var tenant = flow(1, 50);
    var shared = new FakeBand(0, 60, 0, 100, PLENTY, 12, 2, 40, PLENTY, 1, Double.NaN);
    var alone = new FakeBand(0, 60, 0, 100, PLENTY, 12, 1, 40, PLENTY, 1, Double.NaN);

    assertThat(newPolicy().admits(flow, tenant, shared, 1, 1)).isFalse();
    assertThat(newPolicy().admits(flow, tenant, alone, 1, 1)).isTrue();
  }

  private boolean admits(FakeFlow flow, FakeBand band) {
    var tenant =
        FakeFlow.of("tenant", flow.weight())
            .backlog(flow.queuedRequests(), flow.queuedBytes(), flow.queuedCost());
    var alone =
        FakeFlow.of("flow", 1)
            .backlog(flow.queuedRequests(), flow.queuedBytes(), flow.queuedCost());
    return newPolicy().admits(alone, tenant, band, 1, 1);
  }

  private static FakeFlow flow(double weight, int queued) {
    return FakeFlow.of("a", weight).backlog(queued, 0, 0);
  }
}
