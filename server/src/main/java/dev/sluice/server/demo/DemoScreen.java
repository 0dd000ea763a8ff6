package dev.sluice.server.demo;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Shows a run in the terminal, as a table that is redrawn in place. If the output is not a
 * terminal, prints a line now and then. Not thread-safe.
 */
final class DemoScreen {
  private static final String CLEAR_LINE = "\u001b[2K";
  private static final String BOLD = "\u001b[1m";
  private static final String PLAIN = "\u001b[0m";
  private static final int BAR = 20;

  private final PrintWriter out;
  private final boolean terminal;
  private int drawn;

  DemoScreen(PrintWriter out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /** The time from one picture to the next. */
  Duration interval() {
    return terminal ? Duration.ofMillis(500) : Duration.ofSeconds(5);
  }

  /** Prints the tenants and the load to come. */
  void introduce(DemoPlan plan, Duration duration, boolean compare) {
    out.printf(
        Locale.ROOT,
        "%d simulated model servers, %d requests at once each: the pool can serve %.1f requests/s.%n",
        DemoPlan.SERVERS,
        DemoPlan.SLOTS_PER_SERVER,
        DemoPlan.capacityPerSecond());
    for (var tenant : DemoPlan.TENANTS) {
      out.printf(
          Locale.ROOT,
          "  %-8s  priority %3d  asks for %.2f of that, %.1f requests/s%n",
          tenant.id(),
          tenant.priority(),
          tenant.load(),
          tenant.load() * DemoPlan.capacityPerSecond());
    }
    out.printf(
        Locale.ROOT,
        "%d requests in %d s%s. Ctrl-C ends early, with a summary.%n%n",
        plan.arrivals().size(),
        duration.toSeconds(),
        compare ? ", and the same beside it without flow control" : "");
    out.flush();
  }

  /** Draws the present state; on a terminal, in place of the last one. */
  void draw(
      Duration elapsed,
      List<TenantRecord.Snapshot> with,
      double saturation,
      @Nullable List<TenantRecord.Snapshot> without) {
    if (!terminal) {
      out.println(line(elapsed, with, saturation));
      out.flush();
      return;
    }
    var lines = new ArrayList<String>();
    lines.add(
        String.format(
            Locale.ROOT,
            "%s%3d s   saturation %s %.2f%s",
            BOLD,
            elapsed.toSeconds(),
            bar(saturation),
            saturation,
            PLAIN));
    lines.addAll(table("with flow control", with));
    if (without != null) {
      lines.add("");
      lines.addAll(table("without flow control", without));
    }
    if (drawn > 0) {
      out.printf("\u001b[%dA", drawn);
    }
    for (var line : lines) {
      out.println(CLEAR_LINE + line);
    }
    drawn = lines.size();
    out.flush();
  }

  /** Prints the results. */
  void summarize(DemoSummary summary) {
    out.println();
    print("With flow control", summary.withFlowControl());
    var without = summary.withoutFlowControl();
    if (without != null) {
      print("Without flow control: the same gateway, its gate always open", without);
    }
    out.flush();
  }

  private void print(String title, DemoSummary.Run run) {
    out.printf(
        Locale.ROOT,
        "%s: %d sent in %.0f s, %d done, %d refused in time, %d failed, %d lost, %d priority inversions%n",
        title,
        run.offered(),
        run.durationSeconds(),
        run.done(),
        run.refused(),
        run.failed(),
        run.lost(),
        run.priorityInversions());
    out.printf(
        "  %-8s %8s %7s %7s %8s %7s  %22s  %22s%n",
        "tenant",
        "priority",
        "sent",
        "done",
        "refused",
        "failed",
        "wait p50/p99",
        "first byte p50/p99");
    for (var tenant : run.tenants()) {
      out.printf(
          "  %-8s %8d %7d %7d %8d %7d  %22s  %22s%n",
          tenant.id(),
          tenant.priority(),
          tenant.offered(),
          tenant.done(),
          tenant.refused(),
          tenant.failed(),
          millis(tenant.waitMillis()),
          millis(tenant.firstByteMillis()));
    }
    out.println();
  }

  private static List<String> table(String title, List<TenantRecord.Snapshot> tenants) {
    var lines = new ArrayList<String>();
    lines.add(
        String.format(
            "%-20s %8s %8s %8s %8s %8s %8s  %20s",
            title, "sent", "running", "queued", "done", "refused", "failed", "wait p50/p99"));
    for (var tenant : tenants) {
      lines.add(
          String.format(
              "  %-12s %5d %8d %8d %8d %8d %8d %8d  %20s",
              tenant.tenant().id(),
              tenant.tenant().priority(),
              tenant.offered(),
              tenant.running(),
              tenant.queued(),
              tenant.done(),
              tenant.refused(),
              tenant.failed(),
              millis(tenant.waitMillis())));
    }
    return lines;
  }

  private static String line(
      Duration elapsed, List<TenantRecord.Snapshot> tenants, double saturation) {
    var line =
        new StringBuilder(
            String.format(Locale.ROOT, "%3d s  saturation %.2f", elapsed.toSeconds(), saturation));
    for (var tenant : tenants) {
      line.append(
          String.format(
              Locale.ROOT,
              "  | %s: %d sent, %d running, %d queued, %d done, %d refused, wait %s",
              tenant.tenant().id(),
              tenant.offered(),
              tenant.running(),
              tenant.queued(),
              tenant.done(),
              tenant.refused(),
              millis(tenant.waitMillis())));
    }
    return line.toString();
  }

  private static String millis(DemoSummary.Percentiles percentiles) {
    return String.format(Locale.ROOT, "%.0f / %.0f ms", percentiles.p50(), percentiles.p99());
  }

  private static String bar(double saturation) {
    var full = (int) Math.round(Math.clamp(saturation, 0, 1) * BAR);
    return "[" + "#".repeat(full) + " ".repeat(BAR - full) + "]";
  }
}
