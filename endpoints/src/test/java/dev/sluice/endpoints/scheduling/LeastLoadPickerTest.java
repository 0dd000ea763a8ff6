package dev.sluice.endpoints.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.flowcontrol.types.Eligibility;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LeastLoadPickerTest {
  private final LeastLoadPicker picker = new LeastLoadPicker();

  private String pick(List<FixedCandidate> candidates) {
    return candidates.get(picker.pick(SchedulingRequest.of(Eligibility.ANY), candidates)).id();
  }

  @Test
  void takesTheLeastLoadedWhereverItStands() {
    for (var round = 0; round < 5; round++) {
      assertThat(
              pick(
                  List.of(
                      FixedCandidate.of("a", 3, 0, 1),
                      FixedCandidate.of("b", 1, 0, 1),
                      FixedCandidate.of("c", 2, 0, 1))))
          .isEqualTo("b");
      assertThat(pick(List.of(FixedCandidate.of("a", 0, 0, 1), FixedCandidate.of("b", 1, 0, 1))))
          .isEqualTo("a");
      assertThat(pick(List.of(FixedCandidate.of("a", 2, 0, 1), FixedCandidate.of("b", 1, 0, 1))))
          .isEqualTo("b");
    }
  }

  @Test
  void countsOthersRequestsAndTheEndpointsSize() {
    assertThat(pick(List.of(FixedCandidate.of("a", 1, 5, 1), FixedCandidate.of("b", 4, 0, 1))))
        .isEqualTo("b");
    assertThat(pick(List.of(FixedCandidate.of("a", 6, 0, 4), FixedCandidate.of("b", 2, 0, 1))))
        .isEqualTo("a");
  }

  @Test
  void letsEquallyLoadedOnesTakeTurns() {
    var equal =
        List.of(
            FixedCandidate.of("a", 3, 0, 3),
            FixedCandidate.of("b", 1, 0, 1),
            FixedCandidate.of("c", 0, 1, 1));
    var picked = new ArrayList<String>();
    for (var i = 0; i < 6; i++) {
      picked.add(pick(equal));
    }
    assertThat(picked.subList(0, 3)).containsExactlyInAnyOrder("a", "b", "c");
    assertThat(picked.subList(3, 6)).isEqualTo(picked.subList(0, 3));
  }

  @Test
  void turnsGoOnBehindTheOneThatWasTaken() {
    var busyFirst =
        List.of(
            FixedCandidate.of("a", 9, 0, 1),
            FixedCandidate.of("b", 0, 0, 1),
            FixedCandidate.of("c", 0, 0, 1));
    var picked = new ArrayList<String>();
    for (var i = 0; i < 6; i++) {
      picked.add(pick(busyFirst));
    }
    assertThat(picked).containsExactly("b", "c", "b", "c", "b", "c");
  }

  @Test
  void takesLoadsThatDifferByRoundingForTheSame() {
    assertThat(21 / 0.7).isNotEqualTo(3 / 0.1).isCloseTo(3 / 0.1, within(1e-12));
    var equal = List.of(FixedCandidate.of("a", 3, 0, 0.1), FixedCandidate.of("b", 21, 0, 0.7));
    assertThat(List.of(pick(equal), pick(equal))).containsExactlyInAnyOrder("a", "b");
  }

  @Test
  void findsItsPlaceInAListThatGrewShorter() {
    assertThat(
            pick(
                List.of(
                    FixedCandidate.of("a", 1, 0, 1),
                    FixedCandidate.of("b", 1, 0, 1),
                    FixedCandidate.of("c", 0, 0, 1))))
        .isEqualTo("c");
    assertThat(pick(List.of(FixedCandidate.of("a", 1, 0, 1)))).isEqualTo("a");
  }
}
