package dev.sluice.server;

import java.io.PrintWriter;

/**
 * Shows the progress of a simulation that takes more than two seconds: on one line of a terminal,
 * else a line for every quarter. Not thread-safe.
 */
final class SimulationProgress {
  private static final long QUIET_NANOS = 2_000_000_000L;

  private final String name;
  private final PrintWriter out;
  private final boolean terminal;
  private final long begun = System.nanoTime();
  private int shown;
  private boolean onLine;

  SimulationProgress(String name, PrintWriter out, boolean terminal) {
    this.name = name;
    this.out = out;
    this.terminal = terminal;
  }

  /** Notes that {@code part}, from 0 to 1, is done. */
  void at(double part) {
    var percent = (int) Math.round(part * 100);
    var step = terminal ? 1 : 25;
    if (System.nanoTime() - begun < QUIET_NANOS || percent < shown + step) {
      return;
    }
    shown = percent - percent % step;
    var seconds = (System.nanoTime() - begun) / 1e9;
    out.printf("%ssimulating %s: %d %% in %.0f s", terminal ? "\r" : "", name, percent, seconds);
    if (!terminal) {
      out.println();
    }
    onLine = terminal;
    out.flush();
  }

  /** Clears the terminal's line. */
  void end() {
    if (onLine) {
      out.print("\r\u001b[K");
      out.flush();
      onLine = false;
    }
  }
}
