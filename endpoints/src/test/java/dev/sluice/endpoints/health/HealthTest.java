package dev.sluice.endpoints.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

final class HealthTest {
  private final Health health = new Health(new HealthThresholds(3, 2));

  @Test
  void isNotHealthyUntilTheFirstCheckPassed() {
    assertThat(health.state()).isEqualTo(Health.State.UNCHECKED);
    assertThat(health.isHealthy()).isFalse();
    assertThat(health.passed()).isTrue();
    assertThat(health.isHealthy()).isTrue();
  }

  @Test
  void becomesUnhealthyAtTheThirdFailureInARow() {
    health.passed();
    health.failed();
    health.failed();
    health.passed();
    assertThat(health.failed()).isFalse();
    assertThat(health.failed()).isFalse();
    assertThat(health.isHealthy()).isTrue();
    assertThat(health.failed()).isTrue();
    assertThat(health.isHealthy()).isFalse();
  }

  @Test
  void becomesHealthyAgainAtTheSecondSuccessInARow() {
    health.failed();
    assertThat(health.state()).isEqualTo(Health.State.UNHEALTHY);
    health.passed();
    health.failed();
    assertThat(health.passed()).isFalse();
    assertThat(health.passed()).isTrue();
    assertThat(health.isHealthy()).isTrue();
  }

  @Test
  void becomesSuspectAtOnceAndIsClearedByOneSuccess() {
    assertThat(health.suspected()).isFalse();
    health.passed();
    assertThat(health.suspected()).isTrue();
    assertThat(health.isHealthy()).isFalse();
    assertThat(health.suspected()).isFalse();
    assertThat(health.passed()).isTrue();
    assertThat(health.isHealthy()).isTrue();
  }

  @Test
  void confirmsASuspicionByOneFailure() {
    health.passed();
    health.suspected();
    assertThat(health.failed()).isFalse();
    assertThat(health.state()).isEqualTo(Health.State.UNHEALTHY);
    assertThat(health.passed()).isFalse();
  }

  @Test
  void followsNewThresholds() {
    health.passed();
    health.reconfigure(new HealthThresholds(1, 1));
    assertThat(health.failed()).isTrue();
    assertThat(health.passed()).isTrue();
  }

  @Test
  void rejectsThresholdsBelowOne() {
    assertThatIllegalArgumentException().isThrownBy(() -> new HealthThresholds(0, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> new HealthThresholds(1, 0));
  }
}
