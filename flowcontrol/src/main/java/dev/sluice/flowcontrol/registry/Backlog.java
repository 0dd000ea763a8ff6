package dev.sluice.flowcontrol.registry;

import org.jspecify.annotations.Nullable;

/**
 * A holder of queued requests: a flow, a tenant's flows in a band, a band, a tenant, or the whole.
 * It counts the requests, their bytes and their estimated cost. A request is booked where it is
 * queued, and the counts climb from there: from the flow to its tenant in the band, to the band,
 * and to the total.
 *
 * <p>A tenant has flows in several bands, so it is not on that way: nothing is above it, and it is
 * booked beside. The holders extend this class, because with an object of its own for the counts a
 * decision among 10,000 flows took half as long again. Guarded by the core's lock. Booking is
 * O(levels) and allocates nothing.
 */
class Backlog {
  private final @Nullable Backlog above;
  private int queuedRequests;
  private long queuedBytes;
  private long queuedCost;

  /** Made when {@link Fullest} first hears of the holder: many holders never have a backlog. */
  private Fullest.@Nullable Place place;

  /**
   * An empty backlog.
   *
   * @param above the next wider holder; null at the top
   */
  Backlog(@Nullable Backlog above) {
    this.above = above;
  }

  /** Adds to this backlog and to all above it; negative numbers subtract. */
  final void book(int requests, long bytes, long cost) {
    for (var holder = this; holder != null; holder = holder.above) {
      holder.queuedRequests += requests;
      holder.queuedBytes += bytes;
      holder.queuedCost += cost;
    }
  }

  /** Queued requests. */
  public final int queuedRequests() {
    return queuedRequests;
  }

  /** Bytes of the queued requests. */
  public final long queuedBytes() {
    return queuedBytes;
  }

  /** Estimated cost of the queued requests, in units of {@code Cost}. */
  public final long queuedCost() {
    return queuedCost;
  }

  /** For {@link Fullest}: where it keeps the holder. */
  Fullest.@Nullable Place place() {
    return place;
  }

  void place(Fullest.Place made) {
    place = made;
  }
}
