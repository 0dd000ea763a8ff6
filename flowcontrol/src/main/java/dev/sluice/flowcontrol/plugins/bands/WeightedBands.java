package dev.sluice.flowcontrol.plugins.bands;

import dev.sluice.flowcontrol.framework.BandPolicy;
import dev.sluice.flowcontrol.framework.BandView;
import java.util.HashMap;
import java.util.List;

/**
 * Bands share the service by their weights: priority means a ratio, and none starves. Start-tag
 * fair queueing (Goyal, Vin, Cheng) with the bands as its flows. Type {@code weighted}. Runs under
 * the core's lock.
 *
 * <pre>
 *   next         smallest (v, rank)
 *   dispatched   V = max(V, v); v += cost / weight
 *   corrected    v += costDelta / weight
 *   able to go after another was served without it    v = max(v, V): no credit for that time
 *   no band has backlog                               V = max v: what is owed is let off
 * </pre>
 *
 * <p>While two bands stay backlogged and eligible their service per weight differs by at most
 * {@code cmax_a / w_a + cmax_b / w_b}, with exact costs. O(bands).
 */
public final class WeightedBands implements BandPolicy {
  private static final double REBASE_ABOVE = 0x1p50;

  private int[] priorities = {};
  private double[] weights = {};
  private double[] tags = {};
  private double virtualTime;

  /** Ranks that were not among those that could go when another was served. */
  private long missed;

  /** The candidates of the last {@link #next}; 0 if a dispatch has used them up. */
  private long asked;

  /** The last answer of {@link #next}. Only a dispatch from that band used these candidates. */
  private int named = -1;

  /** Makes a policy that has no bands yet. */
  public WeightedBands() {}

  @Override
  public void bandsChanged(List<? extends BandView> bands) {
    var kept = new HashMap<Integer, Integer>();
    for (var rank = 0; rank < priorities.length; rank++) {
      kept.put(priorities[rank], rank);
    }
    rebase();
    var count = bands.size();
    var newTags = new double[count];
    var newMissed = 0L;
    priorities = new int[count];
    weights = new double[count];
    for (var rank = 0; rank < count; rank++) {
      var band = bands.get(rank);
      var before = kept.get(band.priority());
      priorities[rank] = band.priority();
      weights[rank] = band.weight();
      newTags[rank] = before == null ? 0 : tags[before];
      if (before != null && (missed & (1L << before)) != 0) {
        newMissed |= 1L << rank;
      }
    }
    tags = newTags;
    missed = newMissed;
    asked = 0;
  }

  @Override
  public int next(long candidates) {
    lift(candidates);
    asked = candidates;
    var best = Long.numberOfTrailingZeros(candidates);
    for (var rest = candidates; rest != 0; rest &= rest - 1) {
      var rank = Long.numberOfTrailingZeros(rest);
      if (rank < tags.length && tags[rank] < tags[best]) {
        best = rank;
      }
    }
    named = best;
    return best;
  }

  @Override
  public long dispatched(
      int rank, long cost, boolean inReservedTurn, long backlogged, long passedOver) {
    if (rank >= tags.length) {
      return 0;
    }
    lift(1L << rank);
    missed |= ~((rank == named ? asked : 0) | (1L << rank));
    asked = 0;
    virtualTime = Math.max(virtualTime, tags[rank]);
    charge(rank, cost, backlogged);
    if (virtualTime > REBASE_ABOVE) {
      rebase();
    }
    return 0;
  }

  @Override
  public void corrected(int rank, long cost, long costDelta, long backlogged, long booking) {
    if (rank < tags.length) {
      charge(rank, costDelta, backlogged);
    }
  }

  private void charge(int rank, long cost, long backlogged) {
    tags[rank] += cost / weights[rank];
    if (backlogged == 0) {
      for (var tag : tags) {
        virtualTime = Math.max(virtualTime, tag);
      }
      missed = -1L;
    }
  }

  /** Lets tags count from V, so that they stay exact. */
  private void rebase() {
    for (var rank = 0; rank < tags.length; rank++) {
      tags[rank] -= virtualTime;
    }
    virtualTime = 0;
  }

  private void lift(long ranks) {
    for (var rest = ranks & missed; rest != 0; rest &= rest - 1) {
      var rank = Long.numberOfTrailingZeros(rest);
      if (rank < tags.length) {
        tags[rank] = Math.max(tags[rank], virtualTime);
      }
    }
    missed &= ~ranks;
  }
}
