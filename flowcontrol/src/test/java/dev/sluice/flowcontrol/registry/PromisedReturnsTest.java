package dev.sluice.flowcontrol.registry;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class PromisedReturnsTest {
  private final PromisedReturns returns = new PromisedReturns();

  @Test
  void tellsTheFirstCallerTheEarliestTime() {
    assertThat(returns.next(120, 10, 100)).isEqualTo(120);
    assertThat(returns.outstanding(100)).isZero();
  }

  @Test
  void tellsEachCallerATimeBehindTheOneBefore() {
    promise(120, 100);
    promise(returns.next(120, 10, 100), 100);

    assertThat(returns.next(120, 10, 100)).isEqualTo(140);
    assertThat(returns.outstanding(100)).isEqualTo(2);
  }

  @Test
  void neverTellsATimeBeforeTheEarliest() {
    promise(120, 100);

    assertThat(returns.next(500, 10, 100)).isEqualTo(500);
  }

  @Test
  void keepsTheLatestTime() {
    promise(500, 100);
    promise(120, 100);

    assertThat(returns.next(120, 10, 100)).isEqualTo(510);
  }

  @Test
  void forgetsPromisesWhoseTimeIsOver() {
    promise(120, 100);
    promise(130, 100);

    assertThat(returns.outstanding(129)).isEqualTo(2);
    assertThat(returns.outstanding(130)).isZero();
    assertThat(returns.next(131, 10, 130)).isEqualTo(131);
  }

  private void promise(long at, long now) {
    returns.promise(at, now);
  }
}
