package dev.sluice.simulation.experiments;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The sheet as tables: each figure of each policy at its worst over the seeds. */
public final class SheetPage {

  private SheetPage() {}

  /** A figure over several seeds. */
  private record Worst(String name, boolean atMost, double bound, double value, boolean passed) {
    Worst and(Figure figure) {
      var worse = atMost ? Math.max(value, figure.value()) : Math.min(value, figure.value());
      return new Worst(name, atMost, bound, worse, passed && figure.passed());
    }
  }

  /** A table for people at a terminal, of one experiment. */
  public static String text(Experiment experiment, List<Row> rows) {
    var page = new StringBuilder();
    page.append(experiment.id()).append("  ").append(experiment.title()).append('\n');
    var policies = byPolicy(rows);
    for (var policy : policies.entrySet()) {
      for (var worst : policy.getValue().values()) {
        page.append(
            String.format(
                Locale.ROOT,
                "  %-18s %-58s %12s   %s %-8s %s%n",
                policy.getKey(),
                worst.name,
                number(worst.value),
                worst.atMost ? "<=" : ">=",
                number(worst.bound),
                verdict(worst, isBaseline(rows, policy.getKey()))));
      }
    }
    return page.toString();
  }

  /** A page in Markdown, of all experiments. */
  public static String markdown(List<Experiment> experiments, List<Row> rows) {
    var page = new StringBuilder();
    page.append("# Scheduling quality\n\n")
        .append(
            "Written by `./sluice experiments --markdown docs/scheduling-quality.md`; not to be")
        .append(" edited by hand. Each figure is the worst of the seeds ")
        .append(
            String.join(
                ", ", rows.stream().map(row -> Long.toString(row.seed())).distinct().toList()))
        .append(". The engine is the one that serves production, in virtual time; the pool is")
        .append(" simulated: 32 slots, 8,000 prompt tokens/s, 20 ms for each generated token,")
        .append(" unless the experiment is about something else. Costs are weighted tokens:")
        .append(" prompt tokens count 1, generated ones 2. A figure in bold reaches its bound;")
        .append(" baselines are there for comparison and may fail.\n");
    for (var experiment : experiments) {
      var own = rows.stream().filter(row -> row.id().equals(experiment.id())).toList();
      if (!own.isEmpty()) {
        table(page, experiment, own);
      }
    }
    return page.toString();
  }

  private static void table(StringBuilder page, Experiment experiment, List<Row> rows) {
    var policies = byPolicy(rows);
    page.append("\n## ").append(experiment.id()).append(": ").append(experiment.title());
    page.append("\n\n| figure | bound |");
    policies.keySet().forEach(policy -> page.append(' ').append(policy).append(" |"));
    page.append("\n|---|---|").append("---|".repeat(policies.size())).append('\n');
    var columns = new ArrayList<>(policies.values());
    for (var name : columns.getFirst().keySet()) {
      var first = true;
      page.append("| ");
      for (var column : columns) {
        var worst = column.get(name);
        if (worst == null) {
          page.append(" |");
          continue;
        }
        if (first) {
          page.append(worst.name)
              .append(worst.atMost ? " | at most " : " | at least ")
              .append(number(worst.bound))
              .append(" |");
          first = false;
        }
        var value = number(worst.value);
        page.append(worst.passed ? " **" + value + "** |" : " " + value + " |");
      }
      page.append('\n');
    }
  }

  private static Map<String, Map<String, Worst>> byPolicy(List<Row> rows) {
    var policies = new LinkedHashMap<String, Map<String, Worst>>();
    for (var row : rows) {
      var figure = row.figure();
      var key = figure.name() + (figure.atMost() ? " <= " : " >= ") + figure.bound();
      policies
          .computeIfAbsent(row.policy(), policy -> new LinkedHashMap<>())
          .merge(
              key,
              new Worst(
                  figure.name(), figure.atMost(), figure.bound(), figure.value(), figure.passed()),
              (known, next) -> known.and(figure));
    }
    return policies;
  }

  private static boolean isBaseline(List<Row> rows, String policy) {
    return rows.stream().anyMatch(row -> row.policy().equals(policy) && row.baseline());
  }

  private static String verdict(Worst worst, boolean baseline) {
    if (worst.passed) {
      return "passed";
    }
    return baseline ? "not reached" : "FAILED";
  }

  private static String number(double value) {
    if (Double.isNaN(value)) {
      return "-";
    }
    var magnitude = Math.abs(value);
    if (value == Math.rint(value) || magnitude >= 1_000) {
      return String.format(Locale.ROOT, "%,.0f", value);
    }
    return String.format(Locale.ROOT, magnitude < 10 ? "%.4f" : "%.2f", value);
  }
}
