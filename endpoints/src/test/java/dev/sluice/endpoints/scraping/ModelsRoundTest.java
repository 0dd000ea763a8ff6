package dev.sluice.endpoints.scraping;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.endpoints.scraping.ModelsRound.Joined;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class ModelsRoundTest {
  private final ModelsRound<String> round = new ModelsRound<>();
  private final AtomicInteger told = new AtomicInteger();
  private long now = 7;

  @Test
  void endsWhenAllListsHaveCome() {
    assertThat(join()).isEqualTo(Joined.BEGINS);
    round.expect("a", 1);
    round.expect("b", 1);

    come("a");
    assertThat(told).hasValue(0);
    come("b");
    assertThat(told).hasValue(1);
  }

  @Test
  void othersJoinARoundThatIsUnderWay() {
    join();
    round.expect("a", 1);

    assertThat(join()).isEqualTo(Joined.WAITS);
    come("a");

    assertThat(told).hasValue(2);
  }

  @Test
  void aListThatWasUnderWayBeforeTheRoundDoesNotEndIt() {
    join();
    round.expect("a", 2);

    come("a");
    assertThat(told).hasValue(0);
    come("a");
    assertThat(told).hasValue(1);
  }

  @Test
  void twoRoundsAreHalfASecondApart() {
    join();
    round.expect("a", 1);
    come("a");

    now += ModelsRound.LEAST_GAP_NANOS - 1;
    assertThat(join()).isEqualTo(Joined.TOO_SOON);
    now++;
    assertThat(join()).isEqualTo(Joined.BEGINS);
  }

  @Test
  void theTimeLimitEndsItsOwnRoundOnly() {
    join();
    round.expect("hangs", 1);
    var first = round.number();
    round.timedOut(first).forEach(Runnable::run);
    assertThat(told).hasValue(1);

    now += ModelsRound.LEAST_GAP_NANOS;
    join();
    round.expect("a", 1);

    assertThat(round.timedOut(first)).isEmpty();
    come("a");
    assertThat(told).hasValue(2);
  }

  private Joined join() {
    return round.join(told::incrementAndGet, now);
  }

  private void come(String endpoint) {
    round.came(endpoint).forEach(Runnable::run);
  }
}
