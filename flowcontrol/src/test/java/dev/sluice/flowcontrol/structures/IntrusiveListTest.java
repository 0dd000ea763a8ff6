package dev.sluice.flowcontrol.structures;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares the linked list with an {@link ArrayList} from which elements are removed. */
final class IntrusiveListTest {

  private static final class Node {
    private @Nullable Node previous;
    private @Nullable Node next;
  }

  private static final class Nodes extends IntrusiveList<Node> {
    @Override
    public @Nullable Node previous(Node node) {
      return node.previous;
    }

    @Override
    public @Nullable Node next(Node node) {
      return node.next;
    }

    @Override
    protected void linkPrevious(Node node, @Nullable Node previous) {
      node.previous = previous;
    }

    @Override
    protected void linkNext(Node node, @Nullable Node next) {
      node.next = next;
    }
  }

  private final Nodes list = new Nodes();
  private final List<Node> model = new ArrayList<>();

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void behavesLikeAListFromWhichElementsAreRemoved(long seed) {
    var random = new Random(seed);
    for (var step = 0; step < 2_000; step++) {
      if (model.isEmpty() || random.nextInt(100) < 52) {
        var node = new Node();
        list.add(node);
        model.add(node);
      } else {
        var removed = model.remove(random.nextInt(model.size()));
        list.remove(removed);
        assertThat(removed.previous).isNull();
        assertThat(removed.next).isNull();
      }

      assertThat(forwards()).as("seed %s, step %s", seed, step).isEqualTo(model);
      assertThat(backwards()).as("seed %s, step %s", seed, step).isEqualTo(Backwards.of(model));
      assertThat(list.size()).isEqualTo(model.size());
    }
  }

  private List<Node> forwards() {
    var found = new ArrayList<Node>();
    for (var node = list.first(); node != null; node = list.next(node)) {
      found.add(node);
    }
    return found;
  }

  private List<Node> backwards() {
    var found = new ArrayList<Node>();
    for (var node = list.last(); node != null; node = list.previous(node)) {
      found.add(node);
    }
    return found;
  }
}
