package dev.sluice.endpoints.scheduling;

import java.util.List;

/**
 * Takes the candidate with the least {@link Candidate#load}. Candidates with equal loads take
 * turns; loads that differ by rounding only are equal. O(candidates), without garbage.
 */
public final class LeastLoadPicker implements EndpointPicker {
  private static final double ROUNDING = 1e-9;

  private int turn;

  @Override
  public int pick(SchedulingRequest request, List<? extends Candidate> candidates) {
    var size = candidates.size();
    turn = turn >= size - 1 ? 0 : turn + 1;
    var best = turn;
    var least = candidates.get(best).load();
    for (var step = 1; step < size; step++) {
      var index = turn + step < size ? turn + step : turn + step - size;
      var load = candidates.get(index).load();
      if (load < least - ROUNDING) {
        best = index;
        least = load;
      }
    }
    turn = best;
    return best;
  }
}
