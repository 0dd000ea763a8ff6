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
   * Whether the reserved turn that {@link #next} named is worth a request of this cost. If not, the
   * turn is not taken, and {@link #next} is asked again with the same candidates. Should it name
   * the same band again in the same decision, the band goes as if by its rank.
   *
   * @param passedOver as in {@link #dispatched}
   */
  default boolean covers(int rank, long cost, long passedOver) {
    return true;
  }

  /**
   * A request of a band was dispatched.
   *
   * @param cost in units of {@code Cost}
   * @param inReservedTurn whether the band had its turn because of a reservation
   * @param backlogged bit r is set if the band of rank r has a queued request now
   * @param passedOver bit r is set if a queued request of the band of rank r could have gone
   *     instead: an endpoint that serves it had room. The ceiling of the band does not count. The
   *     band that was served may be among them.
   * @return what the policy wants to know again if the cost of this request turns out to be wrong;
   *     0 if nothing
   */
  default long dispatched(
      int rank, long cost, boolean inReservedTurn, long backlogged, long passedOver) {
    return 0;
  }

  /**
   * An earlier charge to a band turned out to be wrong.
   *
   * @param cost what the request is charged now, in units of {@code Cost}
   * @param costDelta the difference to add to the service of the band; negative refunds
   * @param backlogged as in {@link #dispatched}
   * @param booking what {@link #dispatched} returned for the request; 0 if another policy was asked
   *     then
   */
  default void corrected(int rank, long cost, long costDelta, long backlogged, long booking) {}
}
