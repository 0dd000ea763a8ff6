package dev.sluice.flowcontrol.plugins.bands;

import dev.sluice.flowcontrol.framework.BandPolicy;
import dev.sluice.flowcontrol.framework.BandView;
import java.util.List;

/**
 * The most important band that can go, goes: no request is served while an eligible one of a higher
 * band waits. Lower bands get what it leaves, which may be nothing. O(1). As upstream between its
 * bands. Type {@code strict}. Stateless.
 */
public final class StrictPriority implements BandPolicy {

  /** Makes a policy. */
  public StrictPriority() {}

  @Override
  public void bandsChanged(List<? extends BandView> bands) {}

  @Override
  public int next(long candidates) {
    return Long.numberOfTrailingZeros(candidates);
  }
}
