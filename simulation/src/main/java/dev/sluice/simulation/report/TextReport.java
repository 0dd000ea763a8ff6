package dev.sluice.simulation.report;

import dev.sluice.simulation.run.GroupResult;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A comparison as tables of text: one row for each group and configuration. A row below each
 * configuration but the first has the differences from the first.
 */
public final class TextReport {
  private static final int MOST_TENANTS = 20;

  private final Comparison comparison;

  /** A report that {@link #print} prints. */
  public TextReport(Comparison comparison) {
    this.comparison = comparison;
  }

  /** Prints the whole report. If there are many tenants, prints only those that asked for most. */
  public void print(PrintWriter out) {
    var runs = comparison.runs();
    out.printf(
        "%s: %s simulated, seed %d%n",
        comparison.workload(),
        Shown.clock(runs.getFirst().result().simulatedSeconds()),
        comparison.seed());
    out.println();
    printGroups(out, "tenant", mainTenants(), String::valueOf, this::tenant);
    var left = comparison.tenants().size() - MOST_TENANTS;
    if (left > 0) {
      out.printf("and %d more tenants that asked for less (all of them are in the JSON)%n", left);
    }
    out.println();
    printGroups(out, "band", comparison.bands(), String::valueOf, this::band);
    out.println();
    printRuns(out);
    out.flush();
  }

  private @Nullable GroupResult tenant(Comparison.Run run, String tenant) {
    return run.result().tenants().get(tenant);
  }

  private @Nullable GroupResult band(Comparison.Run run, Integer band) {
    return run.result().bands().get(band);
  }

  private List<String> mainTenants() {
    var first = comparison.runs().getFirst();
    var tenants = new ArrayList<>(comparison.tenants());
    tenants.sort(
        Comparator.comparingLong((String tenant) -> {
          var result = tenant(first, tenant);
          return result == null ? 0 : -result.offered();
        }));
    return tenants.stream().limit(MOST_TENANTS).sorted().toList();
  }

  private interface Lookup<K> {
    @Nullable GroupResult of(Comparison.Run run, K key);
  }

  private <K> void printGroups(
      PrintWriter out, String kind, List<K> keys, Function<K, String> name, Lookup<K> lookup) {
    var several = comparison.runs().size() > 1;
    var header = new ArrayList<String>(List.of(kind));
    if (several) {
      header.add("configuration");
    }
    Column.OF_GROUPS.forEach(column -> header.add(column.name()));
    header.add("refused by cause");
    var table = new TextTable(several ? 2 : 1, header);
    for (var key : keys) {
      var first = lookup.of(comparison.runs().getFirst(), key);
      var label = name.apply(key);
      for (var run : comparison.runs()) {
        var group = lookup.of(run, key);
        if (group == null) {
          continue;
        }
        table.add(row(label, several ? run.name() : null, group));
        if (first != null && first != group) {
          table.add(differences(group, first));
        }
        label = "";
      }
    }
    table.print(out);
  }

  private static List<String> row(String label, @Nullable String run, GroupResult group) {
    var cells = new ArrayList<String>(List.of(label));
    if (run != null) {
      cells.add(run);
    }
    Column.OF_GROUPS.forEach(column -> cells.add(column.show(group)));
    cells.add(Shown.causes(group.refused()));
    return cells;
  }

  private List<String> differences(GroupResult group, GroupResult first) {
    var cells = new ArrayList<>(List.of("", "  against " + comparison.runs().getFirst().name()));
    Column.OF_GROUPS.forEach(column -> cells.add(column.difference(group, first)));
    cells.add("");
    return cells;
  }

  private void printRuns(PrintWriter out) {
    var header = new ArrayList<>(List.of("in all"));
    for (var run : comparison.runs()) {
      header.add(run.name());
      if (run != comparison.runs().getFirst()) {
        header.add("difference");
      }
    }
    header.add("");
    var table = new TextTable(1, header);
    var first = comparison.runs().getFirst().result();
    for (var column : Column.OF_RUNS) {
      var cells = new ArrayList<>(List.of(column.name()));
      for (var run : comparison.runs()) {
        cells.add(column.show(run.result()));
        if (run.result() != first) {
          cells.add(column.difference(run.result(), first));
        }
      }
      cells.add(column.hint());
      table.add(cells);
    }
    table.print(out);
  }
}
