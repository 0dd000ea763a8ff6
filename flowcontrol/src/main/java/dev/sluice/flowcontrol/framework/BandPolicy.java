package dev.sluice.flowcontrol.framework;

import java.util.List;

/**
 * Decides which band goes next. Bands are named by rank: 0 is the most important, at most 63. Runs
 * under the core's lock; O(bands).
 *
 * <p>A dispatch follows the call of {@link #next} that named its band, or no call at all: then its
 * request found room on arrival, and none that was queued could have used it.
 */
public interface BandPolicy {

  /**
   * The bands, or how one of them is configured, changed. State of a kept priority stays.
   *
   * @param bands by rank; most important first
   */
  void bandsChanged(List<? extends BandView> bands);

  /** The rank to try next among those whose bit is set in {@code candidates}, which is not 0. */
  int next(long candidates);

  /** Whether the rank that {@link #next} returned last has its turn by right of a reservation. */
  default boolean isReservedTurn() {
    return false;
  }

  /**
   * A request of a band was dispatched.
   *
   * @param backlogged bit r is set if the band of rank r has a queued request now
   * @param cost in units of {@code Cost}
   */
  default void dispatched(int rank, long cost, long backlogged) {}

  /**
   * What was charged to a band turned out to be wrong.
   *
   * @param costDelta to be added to the band's service; negative refunds
   * @param backlogged as in {@link #dispatched}
   */
  default void corrected(int rank, long costDelta, long backlogged) {}
}
