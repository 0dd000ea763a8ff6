package dev.sluice.flowcontrol.registry;

import org.jspecify.annotations.Nullable;

/**
 * The queued requests of one holder, their bytes and their estimated cost. A request is booked
 * where it is queued, and the counts climb from there: from the flow to its tenant in the band, to
 * the band, and to the total.
 *
 * <p>A tenant has flows in several bands, so it is not on that way. Its own backlog has nothing
 * above it and is booked beside. Guarded by the core's lock. Booking is O(levels) and allocates
 * nothing.
 */
final class Backlog {
  private final @Nullable Backlog above;
  private int requests;
  private long bytes;
  private long cost;

  /** Made when {@link Fullest} first hears of the holder: many holders never have a backlog. */
  private Fullest.@Nullable Place place;

  /**
   * An empty backlog.
   *
   * @param above the backlog of the next wider holder; null at the top
   */
  Backlog(@Nullable Backlog above) {
    this.above = above;
  }

  /** Adds to this backlog and to all above it; negative numbers subtract. */
  void book(int moreRequests, long moreBytes, long moreCost) {
    for (var holder = this; holder != null; holder = holder.above) {
      holder.requests += moreRequests;
      holder.bytes += moreBytes;
      holder.cost += moreCost;
    }
  }

  int requests() {
    return requests;
  }

  long bytes() {
    return bytes;
  }

  /** In units of {@code Cost}. */
  long cost() {
    return cost;
  }

  /** For {@link Fullest}: where it keeps the holder. */
  Fullest.@Nullable Place place() {
    return place;
  }

  void place(Fullest.Place made) {
    place = made;
  }
}
