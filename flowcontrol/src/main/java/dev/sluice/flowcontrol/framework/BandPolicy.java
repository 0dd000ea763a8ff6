package dev.sluice.flowcontrol.framework;

import java.util.List;

/**
 * Decides which band goes next. Bands are named by rank: 0 is the most important, at most 63. Runs
 * under the core's lock; O(bands).
 *
 * <p>A dispatch follows the call of {@link #next} that named the band. If there was no such call,
 * the request found room on arrival, and no queued request could have used that room.
 */
public interface BandPolicy {

  /**
   * The set of bands or the configuration of a band changed. The state of a priority that is still
   * there stays.
   *
   * @param bands all bands by rank, most important first
   */
  void bandsChanged(List<? extends BandView> bands);

  /** The rank to try next among those whose bit is set in {@code candidates}, which is not 0. */
  int next(long candidates);

  /** Whether the last rank from {@link #next} has its turn because of a reservation. */
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
   * An earlier charge to a band turned out to be wrong.
   *
   * @param costDelta the difference to add to the service of the band; negative refunds
   * @param backlogged as in {@link #dispatched}
   */
  default void corrected(int rank, long costDelta, long backlogged) {}
}
