package dev.sluice.simulation.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class PrefixCacheTest {
  private static final long BLOCK = 512;

  private final PrefixCache cache = new PrefixCache(4 * BLOCK + 100);

  @Test
  void findsTheLongestRunFromThePromptsStart() {
    cache.read(List.of(1L, 2L, 3L), 3 * BLOCK);

    assertThat(cache.read(List.of(1L, 2L, 9L), 3 * BLOCK)).isEqualTo(2 * BLOCK);
    assertThat(cache.read(List.of(8L, 2L, 3L), 3 * BLOCK)).isZero();
  }

  @Test
  void findsNoMoreThanThePromptHas() {
    cache.read(List.of(1L, 2L), 600);

    assertThat(cache.read(List.of(1L, 2L), 600)).isEqualTo(600);
  }

  @Test
  void forgetsTheLastBlocksOfThePromptThatWasReadLongestAgo() {
    cache.read(List.of(1L, 2L, 3L), 3 * BLOCK);
    cache.read(List.of(4L, 5L), 2 * BLOCK);

    assertThat(cache.blocks()).containsExactly(2L, 1L, 5L, 4L);
    assertThat(cache.read(List.of(1L, 2L, 3L), 3 * BLOCK)).isEqualTo(2 * BLOCK);
  }

  @Test
  void keepsWhatIsReadAgain() {
    cache.read(List.of(1L, 2L), 2 * BLOCK);
    cache.read(List.of(3L, 4L), 2 * BLOCK);
    cache.read(List.of(1L, 2L), 2 * BLOCK);
    cache.read(List.of(5L, 6L), 2 * BLOCK);

    assertThat(cache.blocks()).containsExactly(2L, 1L, 6L, 5L);
  }

  @Test
  void keepsTheStartOfAPromptThatIsLongerThanItself() {
    cache.read(List.of(1L, 2L, 3L, 4L, 5L, 6L), 6 * BLOCK);

    assertThat(cache.blocks()).containsExactly(4L, 3L, 2L, 1L);
  }
}
