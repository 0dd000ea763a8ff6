package dev.sluice.endpoints.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.flowcontrol.types.Eligibility;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SchedulingProfileTest {
  private static final SchedulingRequest REQUEST = SchedulingRequest.of(Eligibility.ANY);
  private static final Picker BEST =
      (request, candidates, scores) -> {
        var best = 0;
        for (var i = 1; i < candidates.size(); i++) {
          best = scores[i] > scores[best] ? i : best;
        }
        return best;
      };

  private final List<FixedCandidate> three =
      List.of(new FixedCandidate("a"), new FixedCandidate("b"), new FixedCandidate("c"));

  private static SchedulingProfile.Weighted scores(double weight, double... values) {
    return new SchedulingProfile.Weighted(
        (request, candidates, scores) -> {
          for (var i = 0; i < candidates.size(); i++) {
            scores[i] = values[candidates.get(i).id().charAt(0) - 'a'];
          }
        },
        weight);
  }

  private static Filter without(String id) {
    return (request, candidates) -> candidates.removeIf(each -> each.id().equals(id));
  }

  private int pick(List<Filter> filters, SchedulingProfile.Weighted... scorers) {
    return new SchedulingProfile(filters, List.of(scorers), BEST).pick(REQUEST, three);
  }

  @Test
  void addsUpWeightedScores() {
    assertThat(pick(List.of(), scores(1, 1, 0, .5), scores(2, 0, .6, .3))).isEqualTo(1);
    assertThat(pick(List.of(), scores(3, 1, 0, .5), scores(2, 0, .6, .3))).isZero();
  }

  @Test
  void takesScoresOutOfRangeForTheNearestAllowed() {
    assertThat(pick(List.of(), scores(1, 5, .5, -9), scores(1, 0, .6, .9))).isEqualTo(1);
    assertThat(pick(List.of(), scores(1, Double.NaN, 0, .1))).isEqualTo(2);
    assertThat(pick(List.of(), scores(1, Double.NEGATIVE_INFINITY, 0, 0), scores(1, .1, 0, 0)))
        .isZero();
  }

  @Test
  void givesTheIndexBeforeTheFilters() {
    assertThat(pick(List.of(without("a"), without("b")), scores(1, 1, 1, 0))).isEqualTo(2);
  }

  @Test
  void refusesIfAFilterLeavesNone() {
    Filter nobody = (request, candidates) -> candidates.clear();
    Filter mustNotRun = (request, candidates) -> candidates.getFirst();
    assertThat(pick(List.of(nobody, mustNotRun), scores(1, 1, 1, 1)))
        .isEqualTo(EndpointPicker.NONE);
  }

  @Test
  void noticesAPickerThatIsOutOfRange() {
    var profile = new SchedulingProfile(List.of(), List.of(), (request, left, scores) -> 3);
    assertThatThrownBy(() -> profile.pick(REQUEST, three))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("chose 3 of 3");
  }

  @Test
  void tellsAPluginOfTwoPartsOnce() {
    final class Both implements Filter, Scorer {
      private final List<String> heard = new ArrayList<>();

      @Override
      public void filter(SchedulingRequest request, List<Candidate> candidates) {}

      @Override
      public void score(SchedulingRequest request, List<Candidate> candidates, double[] scores) {}

      @Override
      public void chosen(SchedulingRequest request, Candidate endpoint) {
        heard.add("chosen " + endpoint.id());
      }

      @Override
      public void endpointLost(String id) {
        heard.add("lost " + id);
      }

      @Override
      public long cachedTokens(SchedulingRequest request) {
        return 7;
      }
    }

    var both = new Both();
    var profile =
        new SchedulingProfile(
            List.of(both), List.of(new SchedulingProfile.Weighted(both, 1)), BEST);
    profile.chosen(REQUEST, three.getFirst());
    profile.endpointLost("b");
    assertThat(both.heard).containsExactly("chosen a", "lost b");
    assertThat(profile.cachedTokens(REQUEST)).isEqualTo(7);
  }
}
