package dev.sluice.flowcontrol.framework;

/**
 * Decides which band goes next. Bands are named by rank: 0 is the most important, at most 63. Runs
 * under the core's lock; O(bands).
 */
public interface BandPolicy {

  /**
   * The bands changed; {@code priorities[rank]}, most important first. State of a kept priority
   * stays.
   */
  void bandsChanged(int[] priorities);

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

  /** What was charged to a band turned out to be wrong. */
  default void corrected(int rank, long costDelta) {}
}
