package dev.sluice.endpoints.scheduling;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Filters, weighted scorers and a picker, as one choice:
 *
 * <pre>
 *   each filter in turn removes candidates; if none is left, the request is refused
 *   score(endpoint) = sum over the scorers of weight * min(1, max(0, score))
 *   the picker takes one by these scores
 * </pre>
 *
 * <p>O(candidates) for each filter and scorer, without garbage of its own. Not thread-safe: the
 * pool's lock guards it.
 */
public final class SchedulingProfile implements EndpointPicker {

  /**
   * A scorer and how much it counts.
   *
   * @param weight at least 0; the weights of a profile need not add up to 1
   */
  public record Weighted(Scorer scorer, double weight) {

    /** Rejects a weight below 0 or one that is no number. */
    public Weighted {
      if (!(weight >= 0 && weight < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException("weight: got " + weight + ", allowed >= 0");
      }
    }
  }

  private final List<Filter> filters;
  private final List<Weighted> scorers;
  private final Picker picker;

  /** Every plugin once, although one may have several parts. */
  private final Set<SchedulingPlugin> plugins = new LinkedHashSet<>();

  private final ArrayList<Candidate> left = new ArrayList<>();
  private double[] sums = new double[0];
  private double[] scores = new double[0];

  /** A profile of these parts. */
  public SchedulingProfile(List<Filter> filters, List<Weighted> scorers, Picker picker) {
    this.filters = List.copyOf(filters);
    this.scorers = List.copyOf(scorers);
    this.picker = picker;
    plugins.addAll(this.filters);
    this.scorers.forEach(weighted -> plugins.add(weighted.scorer()));
    plugins.add(picker);
  }

  @Override
  public int pick(SchedulingRequest request, List<? extends Candidate> candidates) {
    left.clear();
    left.addAll(candidates);
    for (var filter : filters) {
      filter.filter(request, left);
      if (left.isEmpty()) {
        return NONE;
      }
    }
    sum(request);
    var index = picker.pick(request, left, sums);
    if (index < 0 || index >= left.size()) {
      throw new IllegalStateException(
          picker.getClass().getName() + " chose " + index + " of " + left.size());
    }
    return candidates.indexOf(left.get(index));
  }

  private void sum(SchedulingRequest request) {
    var size = left.size();
    if (sums.length < size) {
      sums = new double[2 * size];
      scores = new double[2 * size];
    }
    Arrays.fill(sums, 0, size, 0);
    for (var weighted : scorers) {
      Arrays.fill(scores, 0, size, 0);
      weighted.scorer().score(request, left, scores);
      for (var i = 0; i < size; i++) {
        // No number is neither above 0 nor at most 0.
        sums[i] += scores[i] > 0 ? weighted.weight() * Math.min(1, scores[i]) : 0;
      }
    }
  }

  @Override
  public void chosen(SchedulingRequest request, Candidate endpoint) {
    plugins.forEach(plugin -> plugin.chosen(request, endpoint));
  }

  @Override
  public void endpointLost(String id) {
    plugins.forEach(plugin -> plugin.endpointLost(id));
  }

  @Override
  public long cachedTokens(SchedulingRequest request) {
    var most = 0L;
    for (var plugin : plugins) {
      most = Math.max(most, plugin.cachedTokens(request));
    }
    return most;
  }
}
