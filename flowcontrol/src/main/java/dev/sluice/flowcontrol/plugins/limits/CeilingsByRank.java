package dev.sluice.flowcontrol.plugins.limits;

import dev.sluice.flowcontrol.framework.UsageLimitPolicy;
import java.util.List;

/**
 * Gives each band a ceiling from a list, most important first, so that room is left for the next
 * request of a more important band. The list is stretched over the bands in use. The top band gets
 * the first value and the lowest band the last one; the ceilings of the bands between are
 * interpolated linearly. With {@code [1.0, 0.95, 0.85]}:
 *
 * <pre>
 *   1 band    1.0
 *   2 bands   1.0            0.85
 *   3 bands   1.0    0.95    0.85
 *   5 bands   1.0  0.975  0.95  0.90  0.85
 * </pre>
 *
 * <p>With two values, ceilings fall linearly with the rank. A single value holds for every band. A
 * ceiling is never above that of a more important band, so if a band has to stop, every less
 * important band has to stop too. O(bands). Type {@code ceilings}. Stateless.
 */
public final class CeilingsByRank implements UsageLimitPolicy {

  /**
   * Parameters of {@code ceilings}. Immutable.
   *
   * @param ceilings the saturation at which bands stop, most important first: at least one, each
   *     above 0, at most 1 and at most the one before. Bands beyond the list stop at its last
   *     value. Lower the later ones if important requests find the pool full of unimportant ones
   */
  public record Parameters(List<Double> ceilings) {

    /** The whole pool for the top band, 95 % for the middle, 85 % for the lowest. */
    public static final Parameters DEFAULT = new Parameters(List.of(1.0, 0.95, 0.85));

    /** Copies the list; rejects an empty or rising one, and values outside their range. */
    public Parameters {
      ceilings = List.copyOf(ceilings);
      if (ceilings.isEmpty()) {
        throw new IllegalArgumentException("ceilings: got none, allowed at least one");
      }
      var most = 1.0;
      for (var i = 0; i < ceilings.size(); i++) {
        double ceiling = ceilings.get(i);
        if (!(ceiling > 0 && ceiling <= most)) {
          throw new IllegalArgumentException(
              "ceilings[" + i + "]: got " + ceiling + ", allowed above 0, at most " + most);
        }
        most = ceiling;
      }
    }
  }

  private final double[] values;

  /** Makes a policy with these parameters. */
  public CeilingsByRank(Parameters parameters) {
    values = parameters.ceilings().stream().mapToDouble(Double::doubleValue).toArray();
  }

  @Override
  public void ceilings(double saturation, int[] priorities, double[] ceilings) {
    var bands = priorities.length;
    for (var rank = 0; rank < bands; rank++) {
      ceilings[rank] = bands == 1 ? values[0] : at(rank, bands - 1);
    }
  }

  /** The value at {@code rank / lastRank} of the way through the list. */
  private double at(int rank, int lastRank) {
    var steps = (long) rank * (values.length - 1);
    var before = (int) (steps / lastRank);
    var part = steps % lastRank;
    return part == 0
        ? values[before]
        : values[before] + (values[before + 1] - values[before]) * part / lastRank;
  }

  @Override
  public boolean dependsOnSaturation() {
    return false;
  }
}
