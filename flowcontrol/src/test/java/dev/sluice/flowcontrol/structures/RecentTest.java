package dev.sluice.flowcontrol.structures;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Recent entries beside a list of them in the order of their turns, with a mark each. */
final class RecentTest {
  private static final int OPERATIONS = 50_000;

  private static final class Item extends Recent.Entry<Integer> {
    Item(int key) {
      super(key);
    }
  }

  private static final class Marked {
    private final Item item;
    private boolean used;

    Marked(Item item) {
      this.item = item;
    }
  }

  private final List<Marked> model = new ArrayList<>();

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 2", "3, 7", "4, 100"})
  void forgetsTheFirstThatWasNotUsed(long seed, int most) {
    var random = new Random(seed);
    var recent = new Recent<Integer, Item>(most);
    var additions = 0;
    for (var i = 0; i < OPERATIONS; i++) {
      var where = "seed " + seed + ", step " + i;
      var key = random.nextInt(2 * most + 1);
      var expected = find(key);
      assertThat(recent.get(key)).as(where).isSameAs(expected == null ? null : expected.item);
      if (expected != null) {
        expected.used = true;
      } else if (random.nextBoolean()) {
        var forgotten = model.size() == most ? forget() : null;
        var added = recent.add(new Item(key));
        model.add(new Marked(added));
        additions++;
        assertThat(added.isKept()).as(where).isTrue();
        assertThat(forgotten == null || !forgotten.isKept()).as(where).isTrue();
      }
      assertThat(recent.size()).as(where).isEqualTo(model.size()).isLessThanOrEqualTo(most);
      assertThat(recent.additions()).as(where).isEqualTo(additions);
    }
  }

  private @Nullable Marked find(int key) {
    return model.stream().filter(marked -> marked.item.key() == key).findFirst().orElse(null);
  }

  private Item forget() {
    while (model.get(0).used) {
      var first = model.remove(0);
      first.used = false;
      model.add(first);
    }
    return model.remove(0).item;
  }
}
