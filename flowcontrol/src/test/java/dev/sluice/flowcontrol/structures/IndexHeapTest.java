package dev.sluice.flowcontrol.structures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares the heap with a list that is searched for its smallest element. */
final class IndexHeapTest {
  private static final int OPERATIONS = 20_000;
  private static final Comparator<Element> SMALLEST_FIRST =
      Comparator.<Element>comparingLong(element -> element.key).thenComparingLong(e -> e.tie);

  private static final class Element {
    private long key;
    private long tie;
    private int index = -1;
  }

  private enum InTest implements IndexHeap.Places<Element> {
    PLACES;

    @Override
    public int index(Element element) {
      return element.index;
    }

    @Override
    public void index(Element element, int index) {
      element.index = index;
    }
  }

  private final IndexHeap<Element> heap = new IndexHeap<>(InTest.PLACES);
  private final List<Element> model = new ArrayList<>();
  private long lastTie;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void behavesLikeASearchedList(long seed) {
    var random = new Random(seed);
    for (var i = 0; i < OPERATIONS; i++) {
      var what = random.nextInt(100);
      // The heap grows to some hundreds of elements and shrinks to none, several times.
      var growing = i / 2_000 % 2 == 0;
      if (model.isEmpty() || what < (growing ? 60 : 30)) {
        add(random);
      } else if (what < 85) {
        remove(random.nextInt(3) == 0 ? first() : model.get(random.nextInt(model.size())));
      } else if (what < 99) {
        move(model.get(random.nextInt(model.size())), random);
      } else {
        rekey(random.nextLong());
      }
      check(seed, i);
    }
  }

  @Test
  void tellsItsOwnFromAnothersElements() {
    var other = new IndexHeap<>(InTest.PLACES);
    var here = new Element();
    var there = new Element();
    heap.add(here, 1, 1);
    other.add(there, 1, 1);

    assertThat(heap.contains(there)).isFalse();
    assertThat(heap.remove(there)).isFalse();
    assertThatThrownBy(() -> heap.moved(there, 2, 2)).isInstanceOf(IllegalStateException.class);
    assertThat(heap.contains(new Element())).isFalse();
    assertThat(other.first()).isSameAs(there);
  }

  private void add(Random random) {
    var element = new Element();
    key(element, random);
    element.tie = ++lastTie;
    heap.add(element, element.key, element.tie);
    model.add(element);
  }

  private void remove(Element element) {
    assertThat(heap.remove(element)).isTrue();
    assertThat(element.index).isEqualTo(-1);
    assertThat(heap.remove(element)).isFalse();
    model.remove(element);
  }

  private void move(Element element, Random random) {
    key(element, random);
    element.tie = ++lastTie;
    heap.moved(element, element.key, element.tie);
  }

  /** Gives every element another key at once, which changes the whole order. */
  private void rekey(long salt) {
    model.forEach(element -> element.key = element.tie * salt >> 50);
    heap.rekey(element -> element.key);
  }

  /** Gives the element a key, mostly one of a few, so that ties matter. */
  private static void key(Element element, Random random) {
    element.key = random.nextInt(20) == 0 ? random.nextLong() : random.nextInt(30);
  }

  private Element first() {
    return model.stream().min(SMALLEST_FIRST).orElseThrow();
  }

  private void check(long seed, int step) {
    var where = "seed " + seed + ", step " + step;
    assertThat(heap.size()).as(where).isEqualTo(model.size());
    if (model.isEmpty()) {
      assertThat(heap.first()).as(where).isNull();
      return;
    }
    assertThat(heap.first()).as(where).isSameAs(first());
    assertThat(heap.contains(model.get(model.size() - 1))).as(where).isTrue();
    if (step % 100 == 0) {
      var places = new ArrayList<Element>();
      for (var i = 0; i < heap.size(); i++) {
        places.add(heap.at(i));
      }
      assertThat(places).as(where).containsExactlyInAnyOrderElementsOf(model);
    }
  }
}
