package dev.sluice.flowcontrol.plugins.bands;

import dev.sluice.flowcontrol.framework.BandPolicy;
import dev.sluice.flowcontrol.framework.BandView;
import java.util.HashMap;
import java.util.List;

/**
 * The most important band that can go, goes, except that a band with a reserved share {@code rho}
 * has its turn first while it is owed some: strict priority without starvation. It keeps credits
 * and needs no clock, so it works in virtual time. Type {@code strict-reserve}. Runs under the
 * core's lock.
 *
 * <pre>
 *   dispatch of cost c from band p   credit_b = min(credit_b + rho_b * c, 4 * cmax)  each backlogged b
 *                                    credit_p = max(credit_p - c, -c)                if rho_p &gt; 0
 *                                    credit_b = min(credit_b, 0)                     each b without backlog
 *   next                             the most important band with rho &gt; 0 and credit &gt; 0, else strict
 *   corrected by d                   as a dispatch of cost d
 *   always                           -cmax &lt;= credit_b &lt;= 4 * cmax
 * </pre>
 *
 * <p>{@code cmax} is the largest cost lately: it fades by 1/1,024 with each dispatch. The bounds
 * hold for corrections too: many requests that cost less than predicted neither bank credit for
 * their own band nor take more than one request's from another. While a band stays backlogged and
 * eligible its service is at least {@code rho * C - k * cmax} of all service {@code C}, for {@code
 * k} bands with a reserve; the bands above it lose the sum of all reserves at most. O(bands).
 * Reservation before priority is mClock's idea (Gulati, Merchant, Varman, OSDI 2010), whose clock
 * the credits replace.
 */
public final class StrictReserve implements BandPolicy {
  private static final double CREDIT_CAP = 4.0;
  private static final double FORGETS = 1.0 / 1024;

  /**
   * Parameters of {@code strict-reserve}. Immutable.
   *
   * @param lowestShare the share that the least important band is sure of unless its configuration
   *     gives one, 0 to below 0.5; a band alone needs none
   */
  public record Parameters(double lowestShare) {

    /** One twentieth. */
    public static final Parameters DEFAULT = new Parameters(0.05);

    /** Rejects a share outside its range. */
    public Parameters {
      if (!(lowestShare >= 0 && lowestShare < 0.5)) {
        throw new IllegalArgumentException(
            "lowestShare: got " + lowestShare + ", allowed 0 to below 0.5");
      }
    }
  }

  private final Parameters parameters;
  private int[] priorities = {};
  private double[] shares = {};
  private double[] credits = {};
  private double largestCost;
  private boolean reservedTurn;

  /** Makes a policy that has no bands yet. */
  public StrictReserve(Parameters parameters) {
    this.parameters = parameters;
  }

  @Override
  public void bandsChanged(List<? extends BandView> bands) {
    var kept = new HashMap<Integer, Double>();
    for (var rank = 0; rank < priorities.length; rank++) {
      kept.put(priorities[rank], credits[rank]);
    }
    var count = bands.size();
    priorities = new int[count];
    shares = new double[count];
    credits = new double[count];
    for (var rank = 0; rank < count; rank++) {
      var band = bands.get(rank);
      priorities[rank] = band.priority();
      credits[rank] = kept.getOrDefault(band.priority(), 0.0);
      if (!Double.isNaN(band.reservedShare())) {
        shares[rank] = band.reservedShare();
      } else if (rank == count - 1 && count > 1) {
        shares[rank] = parameters.lowestShare();
      }
    }
  }

  @Override
  public int next(long candidates) {
    for (var rest = candidates; rest != 0; rest &= rest - 1) {
      var rank = Long.numberOfTrailingZeros(rest);
      if (rank < credits.length && shares[rank] > 0 && credits[rank] > 0) {
        reservedTurn = true;
        return rank;
      }
    }
    reservedTurn = false;
    return Long.numberOfTrailingZeros(candidates);
  }

  @Override
  public boolean isReservedTurn() {
    return reservedTurn;
  }

  @Override
  public void dispatched(int rank, long cost, long backlogged) {
    largestCost = Math.max((double) cost, largestCost * (1 - FORGETS));
    charge(rank, cost, backlogged, (double) cost);
  }

  @Override
  public void corrected(int rank, long costDelta, long backlogged) {
    charge(rank, costDelta, backlogged, largestCost);
  }

  private void charge(int served, long cost, long backlogged, double mostOwed) {
    var most = CREDIT_CAP * largestCost;
    for (var rank = 0; rank < credits.length; rank++) {
      if (shares[rank] == 0) {
        continue;
      }
      var credit = credits[rank];
      var waits = (backlogged & (1L << rank)) != 0;
      if (waits) {
        credit = Math.min(credit + shares[rank] * cost, most);
      }
      if (rank == served) {
        credit = Math.max(credit - cost, -mostOwed);
      }
      credits[rank] = Math.clamp(credit, -largestCost, waits ? most : 0);
    }
  }
}
