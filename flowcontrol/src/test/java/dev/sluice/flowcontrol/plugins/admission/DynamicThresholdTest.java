package dev.sluice.flowcontrol.plugins.admission;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.conformance.FakeBand;
import dev.sluice.flowcontrol.conformance.FakeFlow;
import dev.sluice.flowcontrol.conformance.QueueAdmissionPolicyConformance;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DynamicThresholdTest extends QueueAdmissionPolicyConformance {
  private static final long PLENTY = 1L << 40;

  @Override
  protected QueueAdmissionPolicy newPolicy() {
    return new DynamicThreshold(DynamicThreshold.Parameters.DEFAULT);
  }

  @Test
  void leavesATenantAloneThatIsAlone() {
    assertThat(admits(tenant(1, 90), band(90, 1))).isTrue();
    assertThat(admits(tenant(1, 0), band(0, 0))).isTrue();
  }

  @Test
  void refusesTheLargestTenantOnceTheFreePlacesAreUsed() {
    var hog = tenant(1, 60);

    assertThat(admits(hog, band(66, 2).withFullest(hog))).isTrue();
    assertThat(admits(hog, band(67, 2).withFullest(hog))).isFalse();
  }

  @Test
  void countsTheNewcomersTenantAsACompetitor() {
    assertThat(admits(tenant(1, 0), band(66, 1).withFullest(tenant(1, 1)))).isTrue();
    assertThat(admits(tenant(1, 0), band(67, 1).withFullest(tenant(1, 1)))).isFalse();
  }

  @Test
  void admitsATenantBelowItsShareHoweverFullTheQueueIs() {
    assertThat(admits(tenant(1, 0), band(100, 1).withFullest(tenant(1, 100)))).isTrue();
    assertThat(admits(tenant(1, 48), band(100, 2).withFullest(tenant(1, 50)))).isTrue();
    assertThat(admits(tenant(1, 49), band(100, 2).withFullest(tenant(1, 50)))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.01, 0.3, 1, 7, 100})
  void goesByTheRatioOfWeights(double scale) {
    var largest = tenant(scale, 31);

    assertThat(admits(tenant(2 * scale, 59), band(100, 2).withFullest(largest))).isTrue();
    assertThat(admits(tenant(2 * scale, 60), band(100, 2).withFullest(largest))).isFalse();
    assertThat(admits(largest, band(66, 2).withFullest(largest))).isTrue();
    assertThat(admits(largest, band(67, 2).withFullest(largest))).isFalse();
  }

  @Test
  void countsBytesAsWell() {
    var tenant = FakeFlow.of("a", 1).backlog(1, 500, 0);

    assertThat(admits(tenant, FakeBand.holding(2, 666, 100, 1_000, 2).withFullest(tenant)))
        .isTrue();
    assertThat(admits(tenant, FakeBand.holding(2, 667, 100, 1_000, 2).withFullest(tenant)))
        .isFalse();
  }

  @Test
  void looksAtTheTenantHoweverManyFlowsItOpens() {
    var tenant = tenant(1, 60);
    var band = new FakeBand(0, 67, 0, 100, PLENTY, 12, 2, 33, PLENTY, 1, Double.NaN, tenant);

    assertThat(newPolicy().admits(flow(0), tenant, band, 1, 1)).isFalse();
  }

  @Test
  void letsATenantBelowItsShareTakeAPlace() {
    assertThat(newPolicy().protectsShares()).isTrue();
  }

  private boolean admits(FakeFlow tenant, FakeBand band) {
    return newPolicy().admits(flow(tenant.queuedRequests()), tenant, band, 1, 1);
  }

  private static FakeBand band(int queued, int activeTenants) {
    return FakeBand.holding(queued, 0, 100, PLENTY, activeTenants);
  }

  private static FakeFlow flow(int queued) {
    return FakeFlow.of("flow", 1).backlog(queued, 0, 0);
  }

  private static FakeFlow tenant(double weight, int queued) {
    return FakeFlow.of("tenant", weight).backlog(queued, 0, 0);
  }
}
