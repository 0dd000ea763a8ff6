package dev.sluice.gateway;

import static dev.sluice.gateway.BodyBudget.Outcome.GAVE_WAY;
import static dev.sluice.gateway.BodyBudget.Outcome.REFUSED;
import static dev.sluice.gateway.BodyBudget.Outcome.TAKEN;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who gets memory when it is short, and who gives way. */
class BodyBudgetTest {
  private final BodyBudget budget = new BodyBudget(100);
  private final List<String> gaveWay = new ArrayList<>();

  private BodyBudget.Share holding(String name, int priority, String tenant, long bytes) {
    var share = budget.open(priority, tenant, () -> gaveWay.add(name));
    assertThat(share.take(bytes)).as(name).isEqualTo(TAKEN);
    return share;
  }

  @Test
  void theLowestBandGivesWayFirstAndItsLargestRequestBeforeOthers() {
    holding("low-small", -1, "a", 10);
    holding("low-large", -1, "a", 40);
    holding("middle", 0, "b", 50);

    holding("gold", 10, "g", 50);

    assertThat(gaveWay).containsExactly("low-large", "low-small");
    assertThat(budget.heldBytes()).isEqualTo(100);
  }

  @Test
  void ofABandTheTenantThatHoldsMostGivesWay() {
    holding("modest", -1, "modest", 30);
    for (var i = 0; i < 7; i++) {
      holding("hog", -1, "hog", 10);
    }

    holding("gold", 10, "g", 5);

    assertThat(gaveWay).containsExactly("hog");
  }

  @Test
  void nothingGivesWayInVain() {
    holding("low", -1, "a", 40);
    holding("equal", 5, "b", 60);
    var newcomer = budget.open(5, "c", () -> {});

    assertThat(newcomer.take(90)).isEqualTo(REFUSED);

    assertThat(gaveWay).isEmpty();
    assertThat(budget.heldBytes()).isEqualTo(100);
  }

  @Test
  void aHigherBandNeverGivesWayToALower() {
    holding("gold", 10, "g", 100);

    assertThat(budget.open(9, "b", () -> {}).take(1)).isEqualTo(REFUSED);

    assertThat(gaveWay).isEmpty();
  }

  @Test
  void aTenantThatHoldsLessTakesFromOneThatHoldsMore() {
    for (var i = 0; i < 10; i++) {
      holding("hog", 0, "hog", 10);
    }

    holding("modest", 0, "modest", 10);
    assertThat(gaveWay).containsExactly("hog");
    gaveWay.clear();
    assertThat(budget.open(0, "hog", () -> {}).take(10)).isEqualTo(REFUSED);

    assertThat(gaveWay).isEmpty();
  }

  @Test
  void aRequestThatWasDispatchedKeepsItsMemory() {
    var running = holding("running", -1, "a", 100);

    assertThat(running.fix()).isTrue();
    assertThat(budget.open(10, "g", () -> {}).take(1)).isEqualTo(REFUSED);

    running.close();
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void aRequestThatWaitsAgainAfterItsDispatchGivesWayAgain() {
    var low = holding("low", -1, "a", 100);

    assertThat(low.fix()).isTrue();
    low.unfix();

    assertThat(budget.open(10, "g", () -> {}).take(1)).isEqualTo(TAKEN);
    assertThat(gaveWay).containsExactly("low");
    low.unfix(); // it has nothing any more
    assertThat(low.fix()).isFalse();
    assertThat(budget.heldBytes()).isEqualTo(1);
  }

  @Test
  void aRequestThatGaveWayGetsNothingMoreAndIsNotDispatched() {
    var low = holding("low", -1, "a", 100);
    holding("gold", 10, "g", 1);

    assertThat(low.take(1)).isEqualTo(GAVE_WAY);
    assertThat(low.fix()).isFalse();
    low.close();

    assertThat(budget.heldBytes()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void countsExactlyWhatIsHeldAndNeverMoreThanTheLimit(long seed) {
    var random = new Random(seed);
    var shares = new ArrayList<BodyBudget.Share>();
    for (var i = 0; i < 20_000; i++) {
      if (shares.isEmpty() || random.nextInt(4) == 0) {
        shares.add(budget.open(random.nextInt(3), "t" + random.nextInt(3), () -> {}));
      }
      var share = shares.get(random.nextInt(shares.size()));
      switch (random.nextInt(6)) {
        case 0 -> share.shrinkTo(random.nextInt(10));
        case 1 -> share.fix();
        case 2 -> {
          share.close();
          shares.remove(share);
        }
        default -> share.take(random.nextInt(20));
      }
      var held = shares.stream().mapToLong(BodyBudget.Share::bytes).sum();
      assertThat(budget.heldBytes()).as("seed %d, step %d", seed, i).isEqualTo(held);
      assertThat(held).isLessThanOrEqualTo(100);
    }
    shares.forEach(BodyBudget.Share::close);
    assertThat(budget.heldBytes()).isZero();
  }
}
