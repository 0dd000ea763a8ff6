package dev.sluice.flowcontrol.structures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares two rings with two lists. */
final class RingTest {
  private static final int OPERATIONS = 20_000;

  private static final class Element extends Ring.Link {}

  private final List<Ring<Element>> rings = List.of(new Ring<>(), new Ring<>());
  private final List<List<Element>> models = List.of(new ArrayList<>(), new ArrayList<>());
  private final List<Element> elements = new ArrayList<>();

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void behavesLikeAList(long seed) {
    var random = new Random(seed);
    for (var i = 0; i < 20; i++) {
      elements.add(new Element());
    }
    for (var i = 0; i < OPERATIONS; i++) {
      var where = "seed " + seed + ", step " + i;
      var which = random.nextInt(2);
      var ring = rings.get(which);
      var model = models.get(which);
      var element = elements.get(random.nextInt(elements.size()));
      if (random.nextBoolean()) {
        assertThat(ring.remove(element)).as(where).isEqualTo(model.remove(element));
      } else if (models.stream().anyMatch(other -> other.contains(element))) {
        assertThatThrownBy(() -> ring.addLast(element)).isInstanceOf(IllegalStateException.class);
      } else {
        ring.addLast(element);
        model.add(element);
      }
      assertThat(ring.contains(element)).as(where).isEqualTo(model.contains(element));
      assertThat(forwards(ring)).as(where).isEqualTo(model);
      assertThat(backwards(ring)).as(where).isEqualTo(Backwards.of(model));
    }
  }

  private static List<Element> forwards(Ring<Element> ring) {
    var found = new ArrayList<Element>();
    for (var element = ring.first(); element != null; element = ring.after(element)) {
      found.add(element);
    }
    return found;
  }

  private static List<Element> backwards(Ring<Element> ring) {
    var found = new ArrayList<Element>();
    for (var element = ring.last(); element != null; element = ring.before(element)) {
      found.add(element);
    }
    return found;
  }
}
