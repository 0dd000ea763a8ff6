package dev.sluice.flowcontrol.registry;

/**
 * The rate at which a backlog empties: departures divided by time, over windows that include the
 * open gap since the last departure. Guarded by the core's lock. O(1).
 *
 * <p>The problem: requests end together, so departures come in bursts. A mean of the newest gaps
 * sees the zero gaps of one burst and nothing else, and a mean of closed gaps does not see that
 * nothing departs at present.
 *
 * <p>The mechanism: there are {@value #WINDOWS} windows of 4, 16, 64 and 256 s that forget
 * exponentially. Each counts departures, the time with a backlog, and the moments (half seconds) in
 * which something departed. The rate is that of the shortest window with {@value #ENOUGH} such
 * moments, or of the longest window. A pool that serves steadily is therefore known by its last
 * seconds, and a pool that serves in bursts by many bursts. If nothing departs any more, moments
 * are forgotten, longer windows take over, and their rates fall as time passes.
 *
 * <p>Time without a backlog does not count. Departures are added to the windows once in half a
 * second at most, so that a dispatch rarely costs more than an addition.
 */
public final class DepartureRate {
  private static final int WINDOWS = 4;
  private static final int ENOUGH = 8;
  private static final int CONFIDENT = 32;
  private static final long MOMENT_NANOS = 500_000_000L;
  private static final double LONGEST_NANOS = 256e9;

  /** Each window is a quarter of the next longer one. */
  private static final double RATIO = 4;

  private static final int DEPARTURES = 0;
  private static final int MOMENTS = 1;
  private static final int BACKLOG_NANOS = 2;
  private static final int ROW = 3;

  /** The windows of a backlog that never lasted. Most do not, so they share this. */
  private static final double[] UNUSED = new double[WINDOWS * ROW];

  /** One row for each window, the shortest first. */
  private double[] windows = UNUSED;

  /** Departures and time with a backlog that are not yet in the windows. */
  private int newDepartures;

  private long newNanos;
  private long lastNanos;
  private boolean known;

  /** Notes that a backlog began. The time before it says nothing about the rate. */
  public void backlogBegan(long nowNanos) {
    lastNanos = nowNanos;
  }

  /** Notes that a request was dispatched from the backlog. */
  public void dispatched(long nowNanos) {
    advanceTo(nowNanos);
    newDepartures++;
    known = true;
  }

  /** Notes that there has been a backlog until now. */
  public void advanceTo(long nowNanos) {
    var elapsed = Math.max(0, nowNanos - lastNanos);
    lastNanos = nowNanos;
    if (newNanos + elapsed < MOMENT_NANOS) {
      newNanos += elapsed;
    } else {
      addToWindows(newNanos);
      addToWindows(elapsed);
      newNanos = 0;
    }
  }

  /** Whether a request was ever dispatched from the backlog. */
  public boolean isKnown() {
    return known;
  }

  /** The mean time between two departures. While none is known, the time with a backlog so far. */
  public double meanGapNanos() {
    var row = 0;
    var more = newDepartures > 0 ? 1 : 0;
    while (row < (WINDOWS - 1) * ROW && windows[row + MOMENTS] + more < ENOUGH) {
      row += ROW;
    }
    var nanos = windows[row + BACKLOG_NANOS] + newNanos;
    return known ? nanos / (windows[row + DEPARTURES] + newDepartures) : nanos;
  }

  /**
   * The shortest mean gap of all windows that have {@value #CONFIDENT} departures in {@value
   * #ENOUGH} moments; 0 if no window has.
   */
  public double leastGapNanos() {
    var least = Double.POSITIVE_INFINITY;
    var more = newDepartures > 0 ? 1 : 0;
    for (var row = 0; row < windows.length; row += ROW) {
      var departed = windows[row + DEPARTURES] + newDepartures;
      if (departed >= CONFIDENT && windows[row + MOMENTS] + more >= ENOUGH) {
        least = Math.min(least, (windows[row + BACKLOG_NANOS] + newNanos) / departed);
      }
    }
    return Double.isInfinite(least) ? 0 : least;
  }

  /** Lets {@code nanos} pass in the windows and adds the departures at its end. */
  private void addToWindows(long nanos) {
    if (windows == UNUSED) {
      windows = new double[WINDOWS * ROW];
    }
    var moment = newDepartures > 0 ? 1 : 0;
    var length = LONGEST_NANOS;
    var kept = Math.exp(-nanos / length);
    for (var row = (WINDOWS - 1) * ROW; row >= 0; row -= ROW) {
      windows[row + DEPARTURES] = windows[row + DEPARTURES] * kept + newDepartures;
      windows[row + MOMENTS] = windows[row + MOMENTS] * kept + moment;
      windows[row + BACKLOG_NANOS] = windows[row + BACKLOG_NANOS] * kept + length * (1 - kept);
      length /= RATIO;
      kept *= kept; // exp(-4t) is exp(-t) to the power of 4
      kept *= kept;
    }
    newDepartures = 0;
  }
}
