package dev.sluice.flowcontrol.registry;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Counts that climb from a holder to all wider ones. */
final class BacklogTest {
  private final Backlog total = new Backlog(null);
  private final Backlog band = new Backlog(total);
  private final Backlog flow = new Backlog(band);
  private final Backlog otherFlow = new Backlog(band);

  @Test
  void bookingClimbsToTheTop() {
    flow.book(1, 10, 100);
    otherFlow.book(1, 20, 200);

    assertThat(counts(flow)).isEqualTo("1, 10, 100");
    assertThat(counts(otherFlow)).isEqualTo("1, 20, 200");
    assertThat(counts(band)).isEqualTo("2, 30, 300");
    assertThat(counts(total)).isEqualTo("2, 30, 300");
  }

  @Test
  void bookingOutClimbsToTheTop() {
    flow.book(1, 10, 100);
    otherFlow.book(1, 20, 200);

    flow.book(-1, -10, -100);

    assertThat(counts(flow)).isEqualTo("0, 0, 0");
    assertThat(counts(band)).isEqualTo("1, 20, 200");
    assertThat(counts(total)).isEqualTo("1, 20, 200");
  }

  @Test
  void bookingReachesNoHolderBelow() {
    band.book(1, 10, 100);

    assertThat(counts(flow)).isEqualTo("0, 0, 0");
  }

  private static String counts(Backlog backlog) {
    return backlog.queuedRequests() + ", " + backlog.queuedBytes() + ", " + backlog.queuedCost();
  }
}
