package dev.sluice.flowcontrol.guard;

import dev.sluice.flowcontrol.framework.BandPolicy;
import dev.sluice.flowcontrol.framework.BandView;
import dev.sluice.flowcontrol.framework.Plugin;
import java.util.List;

/**
 * The border to the band policy. If the policy throws or names a band that is no candidate, the
 * fault is reported, and the most important candidate goes next. Guarded by the core's lock.
 */
public final class GuardedBandPolicy extends PluginSlot<BandPolicy> implements BandPolicy {
  /** A policy that has not been told of any band. */
  public GuardedBandPolicy(Plugin<BandPolicy> plugin, Faults faults) {
    super(plugin, faults);
  }

  /**
   * Takes another policy, which has to be told of the bands.
   *
   * @return false if the policy is the present one, which stays
   */
  public boolean use(Plugin<BandPolicy> wanted) {
    return take(wanted);
  }

  @Override
  public void bandsChanged(List<? extends BandView> bands) {
    try {
      object().bandsChanged(bands);
    } catch (Throwable thrown) {
      caught(thrown);
    }
  }

  @Override
  public int next(long candidates) {
    try {
      var rank = object().next(candidates);
      if (rank >= 0 && rank < Long.SIZE && (candidates & (1L << rank)) != 0) {
        return rank;
      }
      misbehaved("next: chose rank " + rank + ", which is not a candidate");
    } catch (Throwable thrown) {
      caught(thrown);
    }
    return Long.numberOfTrailingZeros(candidates);
  }

  @Override
  public boolean isReservedTurn() {
    try {
      return object().isReservedTurn();
    } catch (Throwable thrown) {
      caught(thrown);
      return false;
    }
  }

  @Override
  public boolean covers(int rank, long cost, long passedOver) {
    try {
      return object().covers(rank, cost, passedOver);
    } catch (Throwable thrown) {
      caught(thrown);
      return false;
    }
  }

  @Override
  public long dispatched(
      int rank, long cost, boolean inReservedTurn, long backlogged, long passedOver) {
    try {
      return object().dispatched(rank, cost, inReservedTurn, backlogged, passedOver);
    } catch (Throwable thrown) {
      caught(thrown);
      return 0;
    }
  }

  @Override
  public void corrected(int rank, long cost, long costDelta, long backlogged, long booking) {
    try {
      object().corrected(rank, cost, costDelta, backlogged, booking);
    } catch (Throwable thrown) {
      caught(thrown);
    }
  }
}
