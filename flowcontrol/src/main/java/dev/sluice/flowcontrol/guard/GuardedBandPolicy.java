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
  public void dispatched(int rank, long cost, long backlogged) {
    try {
      object().dispatched(rank, cost, backlogged);
    } catch (Throwable thrown) {
      caught(thrown);
    }
  }

  @Override
  public void corrected(int rank, long costDelta, long backlogged) {
    try {
      object().corrected(rank, costDelta, backlogged);
    } catch (Throwable thrown) {
      caught(thrown);
    }
  }
}
