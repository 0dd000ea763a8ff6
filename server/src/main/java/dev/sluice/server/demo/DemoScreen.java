package dev.sluice.server.demo;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Shows a run as a table, at most 80 columns wide. On a terminal the table is redrawn in place;
 * elsewhere it follows the one before now and then. Not thread-safe.
 */
final class DemoScreen {
  private static final String CLEAR_LINE = "\u001b[2K";
  private static final String BOLD = "\u001b[1m";
  private static final String PLAIN = "\u001b[0m";
  private static final int BAR = 20;

  private final PrintWriter out;
  private final Look look;
  private int drawn;

  DemoScreen(PrintWriter out, Look look) {
    this.out = out;
    this.look = look;
  }

  /** The time from one picture to the next. */
  Duration interval() {
    return look.inPlace() ? Duration.ofMillis(500) : Duration.ofSeconds(5);
  }

  /** Prints the tenants and the load to come. */
  void introduce(DemoPlan plan, Duration duration, boolean compare) {
    out.printf(
        Locale.ROOT,
        "%d simulated model servers, %d requests at once each: %.1f requests/s in all.%n",
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
        "%d requests in %d s%s.%nCtrl-C ends early, with a summary.%n%n",
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
    var bar = look.inPlace() ? bar(saturation) + " " : "";
    var lines = new ArrayList<String>();
    var now =
        String.format(
            Locale.ROOT, "%3d s  saturation %s%.2f", elapsed.toSeconds(), bar, saturation);
    lines.add(look.bold() ? BOLD + now + PLAIN : now);
    lines.addAll(table("with flow control", with));
    if (without != null) {
      lines.addAll(table("without flow control", without));
    }
    if (!look.inPlace()) {
      lines.forEach(out::println);
      out.println();
      out.flush();
      return;
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

  /** Prints the results, and what they show. */
  void summarize(DemoSummary summary) {
    if (look.inPlace()) {
      out.println(); // elsewhere each picture ends with an empty line
    }
    print("With flow control", summary.withFlowControl());
    var without = summary.withoutFlowControl();
    if (without != null) {
      print("Without flow control", without);
    }
    for (var line : DemoVerdict.of(summary)) {
      out.println(line);
    }
    out.flush();
  }

  private void print(String title, DemoSummary.Run run) {
    out.printf(
        Locale.ROOT,
        "%s: %d sent in %.0f s, %d done, %d refused,%n",
        title,
        run.offered(),
        run.durationSeconds(),
        run.done(),
        run.refused());
    out.printf(
        Locale.ROOT,
        "  %d failed, %d cut by Ctrl-C, %d lost, %d priority inversions%n",
        run.failed(),
        run.cut(),
        run.lost(),
        run.priorityInversions());
    out.printf(
        "  %-8s %4s %5s %5s %7s %6s %4s %14s %16s%n",
        "tenant",
        "prio",
        "sent",
        "done",
        "refused",
        "failed",
        "cut",
        "wait p50/p99",
        "1st byte p50/p99");
    for (var tenant : run.tenants()) {
      out.printf(
          "  %-8s %4d %5d %5d %7d %6d %4d %14s %16s%n",
          tenant.id(),
          tenant.priority(),
          tenant.offered(),
          tenant.done(),
          tenant.refused(),
          tenant.failed(),
          tenant.cut(),
          millis(tenant.waitMillis()),
          millis(tenant.firstByteMillis()));
    }
    out.println();
  }

  private static List<String> table(String title, List<TenantRecord.Snapshot> tenants) {
    var lines = new ArrayList<String>();
    lines.add(
        String.format(
            "%-20s %6s %7s %6s %6s %7s %6s %14s",
            title, "sent", "running", "queued", "done", "refused", "failed", "wait p50/p99"));
    for (var tenant : tenants) {
      lines.add(
          String.format(
              "  %-12s %5d %6d %7d %6d %6d %7d %6d %14s",
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

  private static String millis(DemoSummary.Percentiles percentiles) {
    return String.format(Locale.ROOT, "%.0f/%.0f ms", percentiles.p50(), percentiles.p99());
  }

  private static String bar(double saturation) {
    var full = (int) Math.round(Math.clamp(saturation, 0, 1) * BAR);
    return "[" + "#".repeat(full) + " ".repeat(BAR - full) + "]";
  }
}
