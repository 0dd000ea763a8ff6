package dev.sluice.flowcontrol.plugins.bands;

import dev.sluice.flowcontrol.framework.BandPolicy;
import dev.sluice.flowcontrol.framework.BandView;
import java.util.List;

/**
 * The most important band that can go, goes, except that every other band is sure of a small share
 * of the service: strict priority without starvation. Of two bands that ask for as much, the more
 * important never gets less. Credits, no clock, so it works in virtual time. Type {@code
 * strict-reserve}. Runs under the core's lock. O(bands).
 *
 * <pre>
 *   competitors of a dispatch       the band that is served, and those that waited and could have gone
 *   rho_b                           b's share among them, by {@link ReservedShares}
 *   dispatch of cost c from p       credit_b += rho_b * c             each competitor b
 *     p in a reserved turn          credit_p -= c
 *     p in a turn by its rank       credit_p  = max(credit_p - c, min(credit_p, 0))
 *   the cost of it corrected by d   the same with d, for the same competitors; nothing for a turn by rank
 *   always                          credit_b &lt;= cmax, and &lt;= 0 while b has nothing queued
 *   reserved turn                   if credit_b covers the request: credit_b >= (1 - rho_b) * cost
 *                                   and no reserved turn came before while a higher band waits,
 *                                   unless it was another band's and waiting would cost b credit;
 *                                   of several bands, the one that is first to reach its limit
 * </pre>
 *
 * <p>A band earns only while it is passed over: time without a request, or without room for one, is
 * no credit. A correction undoes what was booked for that request, so the refund of a request for
 * which nothing was booked is no credit either.
 *
 * <p>In any interval, the reserved turns of a band take at most {@code rho * C + cmax} of all
 * service {@code C}, where {@code cmax} is the largest request lately: it fades by 1/4,096 with
 * each dispatch. Costs count as they are known: predictions at first, then corrections. While a
 * band stays backlogged and eligible, it gets {@code rho * C} or, if its requests are so much
 * smaller than those of higher bands that this takes more than every second turn, every second
 * turn. A band that is at its limit loses what it earns. Were a second reserved turn in a row never
 * allowed, a band whose turn falls together with another band's would lose a thousandth of its
 * share in that way, and the sum of these losses would have no bound. With the exception, 1.5 % of
 * the reserved turns follow another one, and never one of the same band. Reservation before
 * priority is mClock's idea (Gulati, Merchant, Varman, OSDI 2010), whose clock the credits replace.
 */
public final class StrictReserve implements BandPolicy {
  private static final double FORGETS = 1.0 / 4096;
  private static final long RESERVED_TURN = 1L << ReservedShares.SLOTS;
  private static final long NOT_COVERED = Long.MAX_VALUE;

  /**
   * Parameters of {@code strict-reserve}. Immutable.
   *
   * @param totalShare the limit of the part of all service that bands without a configured share
   *     are sure of together, 0 to 0.5. The second of the bands that compete is sure of half of it,
   *     the third of a quarter, and so on. Raise it if low bands must not starve, set it to 0 for
   *     strict priority
   */
  public record Parameters(double totalShare) {

    /** One twentieth. */
    public static final Parameters DEFAULT = new Parameters(0.05);

    /** Rejects a share outside its range. */
    public Parameters {
      if (!(totalShare >= 0 && totalShare <= 0.5)) {
        throw new IllegalArgumentException("totalShare: got " + totalShare + ", allowed 0 to 0.5");
      }
    }
  }

  private final ReservedShares shares;

  // By slot
  private final double[] credits = new double[ReservedShares.SLOTS];
  private final double[] needs = new double[ReservedShares.SLOTS];
  private final long[] coveredSince = new long[ReservedShares.SLOTS];

  private double largestCost;

  /** Counts the calls after which another band may be covered. */
  private long changes;

  private boolean reservedTurn;

  /** The slots that have had a reserved turn since the most important waiting band had a turn. */
  private long tookTurns;

  /** Makes a policy that has no bands yet. */
  public StrictReserve(Parameters parameters) {
    shares = new ReservedShares(parameters.totalShare());
  }

  @Override
  public void bandsChanged(List<? extends BandView> bands) {
    for (var rest = shares.bandsChanged(bands); rest != 0; rest &= rest - 1) {
      var slot = Long.numberOfTrailingZeros(rest);
      credits[slot] = 0;
      needs[slot] = 0;
      coveredSince[slot] = NOT_COVERED;
    }
  }

  @Override
  public int next(long candidates) {
    var highest = Long.numberOfTrailingZeros(candidates);
    var rho = shares.among(shares.slots(candidates));
    var chosen = highest;
    var best = -1;
    for (var rest = candidates; rest != 0; rest &= rest - 1) {
      var rank = Long.numberOfTrailingZeros(rest);
      var slot = shares.slot(rank);
      if (slot >= 0
          && coveredSince[slot] < NOT_COVERED
          && (rank == highest || mayPassOver(slot, rho))
          && (best < 0 || precedes(slot, best, rho))) {
        chosen = rank;
        best = slot;
      }
    }
    reservedTurn = best >= 0;
    return chosen;
  }

  /**
   * Whether a band may have a reserved turn although a higher band waits. It may not after another
   * reserved turn, unless it has had none since and would lose credit by waiting.
   */
  private boolean mayPassOver(int slot, double[] rho) {
    return tookTurns == 0 || ((tookTurns & (1L << slot)) == 0 && leeway(slot, rho) < largestCost);
  }

  /**
   * Whether a band would lose credit by waiting sooner than another. If both would at once, the
   * longer wait decides.
   */
  private boolean precedes(int slot, int other, double[] rho) {
    var leeway = leeway(slot, rho);
    var otherLeeway = leeway(other, rho);
    return leeway != otherLeeway ? leeway < otherLeeway : coveredSince[slot] < coveredSince[other];
  }

  /** The service until the credit of a band reaches its limit. */
  private double leeway(int slot, double[] rho) {
    return rho[slot] > 0 ? (limit(slot) - credits[slot]) / rho[slot] : Double.POSITIVE_INFINITY;
  }

  /** The most credit that a waiting band may have: one largest request. */
  private double limit(int slot) {
    return Math.max(largestCost, needs[slot]);
  }

  @Override
  public boolean isReservedTurn() {
    return reservedTurn;
  }

  @Override
  public boolean covers(int rank, long cost, long passedOver) {
    var slot = shares.slot(rank);
    if (slot < 0) {
      return false;
    }
    changes++;
    var share = shares.among(shares.slots(passedOver | 1L << rank))[slot];
    needs[slot] = (1 - share) * cost;
    noteCovered(slot);
    return coveredSince[slot] < NOT_COVERED;
  }

  @Override
  public long dispatched(
      int rank, long cost, boolean inReservedTurn, long backlogged, long passedOver) {
    largestCost = Math.max((double) cost, largestCost * (1 - FORGETS));
    if (!inReservedTurn && rank <= Long.numberOfTrailingZeros(passedOver)) {
      tookTurns = 0;
    }
    var slot = shares.slot(rank);
    if (slot < 0) {
      return 0;
    }
    if (inReservedTurn) {
      tookTurns |= 1L << slot;
      needs[slot] = 0;
      coveredSince[slot] = NOT_COVERED; // goes behind the others that are covered
    } else {
      credits[slot] = Math.max(credits[slot] - cost, Math.min(credits[slot], 0));
    }
    var booking = shares.slots(passedOver | 1L << rank) | (inReservedTurn ? RESERVED_TURN : 0);
    book(slot, (double) cost, booking, backlogged);
    return booking;
  }

  @Override
  public void corrected(int rank, long cost, long costDelta, long backlogged, long booking) {
    largestCost = Math.max(largestCost, (double) cost);
    var slot = shares.slot(rank);
    if (slot >= 0 && booking != 0) {
      book(slot, (double) costDelta, booking, backlogged);
    }
  }

  private void book(int served, double cost, long booking, long backlogged) {
    var isAlone = shares.present() == 1L << served;
    if (isAlone && credits[served] <= 0 && (booking & RESERVED_TURN) == 0) {
      changes++;
      coveredSince[served] = NOT_COVERED;
      return; // a band that is alone owes nothing and earns nothing
    }
    var inReservedTurn = (booking & RESERVED_TURN) != 0;
    var competitors = booking & ~RESERVED_TURN;
    var rho = shares.among(competitors);
    for (var rest = competitors; rest != 0; rest &= rest - 1) {
      var slot = Long.numberOfTrailingZeros(rest);
      if (slot != served) {
        credits[slot] += rho[slot] * cost;
      } else if (inReservedTurn) {
        credits[slot] -= (1 - rho[slot]) * cost;
      }
    }
    changes++;
    var waiting = shares.slots(backlogged);
    for (var rest = shares.present(); rest != 0; rest &= rest - 1) {
      var slot = Long.numberOfTrailingZeros(rest);
      var waits = (waiting & (1L << slot)) != 0;
      credits[slot] = Math.min(credits[slot], waits ? limit(slot) : 0);
      noteCovered(slot);
    }
  }

  private void noteCovered(int slot) {
    if (credits[slot] <= 0 || credits[slot] < needs[slot]) {
      coveredSince[slot] = NOT_COVERED;
    } else if (coveredSince[slot] == NOT_COVERED) {
      coveredSince[slot] = changes;
    }
  }
}
