package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SeedsTest {

  @Test
  void readsNumbersAndRanges() {
    assertThat(Seeds.parse("7,100-102,7", new Random(1))).containsExactly(7L, 100L, 101L, 102L);
  }

  @Test
  void drawsNewSeeds() {
    var seeds = Seeds.parse("0-4,new:20", new Random(1));

    assertThat(seeds).hasSize(25).startsWith(0L, 1L, 2L, 3L, 4L).doesNotHaveDuplicates();
    assertThat(Seeds.parse(Seeds.format(seeds), new Random(2))).isEqualTo(seeds);
  }

  @Test
  void writesThemAsTheyAreRead() {
    assertThat(Seeds.format(Seeds.parse("3,100-119,5", new Random(1)))).isEqualTo("3,100-119,5");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a", "1,", "-1", "3-", "5-1", "new:", "new:x", "0-99999999", "1 2"})
  void refusesWhatItCannotRead(String text) {
    assertThatThrownBy(() -> Seeds.parse(text, new Random(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("got \"" + text + "\"");
  }
}
