package dev.sluice.flowcontrol.structures;

/** Brings numbers into a range. Java has this from 21 on; the library runs on 17. */
public final class Ranges {

  private Ranges() {}

  /** The number of the range that is nearest to a value. Requires {@code least <= most}. */
  public static long clamp(long value, long least, long most) {
    return Math.max(least, Math.min(value, most));
  }

  /** As {@link #clamp(long, long, long)}, for a range of ints. */
  public static int clamp(long value, int least, int most) {
    return (int) clamp(value, (long) least, (long) most);
  }

  /** As {@link #clamp(long, long, long)}; NaN stays NaN. */
  public static double clamp(double value, double least, double most) {
    return Math.max(least, Math.min(value, most));
  }
}
