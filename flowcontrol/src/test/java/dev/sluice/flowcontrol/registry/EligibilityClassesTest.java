package dev.sluice.flowcontrol.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.types.Eligibility;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A class exists as long as a queue uses it. */
final class EligibilityClassesTest {
  private final List<EligibilityClass> added = new ArrayList<>();
  private final List<EligibilityClass> retired = new ArrayList<>();
  private final EligibilityClasses classes = new EligibilityClasses(added::add, retired::add);

  private EligibilityClass use(String model) {
    var needs = classes.classFor(Eligibility.ofModel(model));
    classes.addQueue(needs);
    return needs;
  }

  @Test
  void retiresAClassWithItsLastQueue() {
    var needs = use("m");
    use("m");

    var first = classes.removeQueue(needs);
    var last = classes.removeQueue(needs);

    assertThat(first).isFalse();
    assertThat(last).isTrue();
    assertThat(retired).containsExactly(needs);
  }

  @Test
  void givesTheIndexOfARetiredClassToTheNextNewOne() {
    var needs = use("m");
    use("n");
    classes.removeQueue(needs);

    var next = use("o");

    assertThat(next.index()).isEqualTo(needs.index());
  }

  @Test
  void neverRetiresTheClassOfRequestsThatNeedNothingSpecial() {
    var needs = classes.classFor(Eligibility.ANY);
    classes.addQueue(needs);

    classes.removeQueue(needs);

    assertThat(retired).isEmpty();
    assertThat(classes.all()).containsExactly(needs);
  }

  @Test
  void tellsOfEachNewClassOnce() {
    var needs = use("m");
    use("m");

    assertThat(added).containsExactly(classes.classFor(Eligibility.ANY), needs);
  }
}
