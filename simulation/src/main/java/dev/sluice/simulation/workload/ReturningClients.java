package dev.sluice.simulation.workload;

import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The requests of another workload, sent by clients that obey {@code Retry-After}: a client that is
 * refused sends the request again after the advised time, rounded up to whole seconds as HTTP
 * rounds it. Not thread-safe.
 */
public final class ReturningClients implements Workload {
  private static final long SECOND = 1_000_000_000L;

  /** A request that was refused before, and what it was at first. */
  private record Return(Arrival first, int refusals) {}

  private final Workload requests;
  private final int mostReturns;
  private final long endNanos;
  private final IdentityHashMap<Arrival, Return> open = new IdentityHashMap<>();
  private long firstReturns;
  private long firstReturnsRefused;

  /**
   * Clients that send {@code requests}.
   *
   * @param mostReturns how often a client tries again before it gives up
   * @param endNanos no client returns at this time or later
   */
  public ReturningClients(Workload requests, int mostReturns, long endNanos) {
    this.requests = requests;
    this.mostReturns = mostReturns;
    this.endNanos = endNanos;
  }

  @Override
  public @Nullable Arrival next() {
    return requests.next();
  }

  @Override
  public List<Arrival> completed(Arrival arrival, long atNanos) {
    var before = open.remove(arrival);
    return requests.completed(before == null ? arrival : before.first, atNanos);
  }

  @Override
  public List<Arrival> refused(Arrival arrival, long atNanos, long retryAfterNanos) {
    var before = open.remove(arrival);
    var first = before == null ? arrival : before.first;
    var refusals = before == null ? 1 : before.refusals + 1;
    if (refusals == 2) {
      firstReturnsRefused++;
    }
    var seconds = Math.ceilDiv(retryAfterNanos, SECOND);
    var at = atNanos + seconds * SECOND;
    if (seconds == 0 || refusals > mostReturns || at >= endNanos) {
      return requests.refused(first, atNanos, retryAfterNanos);
    }
    if (refusals == 1) {
      firstReturns++;
    }
    var again = first.at(at);
    open.put(again, new Return(first, refusals));
    return List.of(again);
  }

  /** Requests that were sent a second time. */
  public long firstReturns() {
    return firstReturns;
  }

  /**
   * The part of the requests sent a second time that was not refused then; NaN if there are none.
   */
  public double admittedAtFirstReturn() {
    return firstReturns == 0 ? Double.NaN : 1.0 - (double) firstReturnsRefused / firstReturns;
  }
}
