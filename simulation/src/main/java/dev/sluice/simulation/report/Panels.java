package dev.sluice.simulation.report;

import dev.sluice.simulation.run.Series;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleFunction;
import java.util.function.Function;

/**
 * The charts of a comparison: wait, share, queue and saturation over time. The charts of all
 * configurations have the same scale, so that they can be compared by eye.
 */
final class Panels {

  /** The number of series that have a colour of their own. */
  static final int COLOURS = 8;

  /** The largest number of buckets of a chart. */
  private static final int FINE = 240;

  /** The largest number of buckets of a share chart. Shares vary much from bucket to bucket. */
  private static final int COARSE = 40;

  private static final String OTHERS = "all others";

  private final Comparison comparison;
  private final List<String> charted;

  /**
   * One kind of chart, for each configuration.
   *
   * @param title one word for the measured quantity
   * @param explained a sentence about the measured quantity
   * @param legend the meanings of the colours, in their order; empty if there is only one
   * @param charts the charts, in the order of the comparison's runs
   */
  record Panel(String title, String explained, List<Key> legend, List<Chart> charts) {}

  /** The meaning of a colour. */
  record Key(String name, int colour) {}

  Panels(Comparison comparison) {
    this.comparison = comparison;
    charted = comparison.largestTenants(COLOURS);
  }

  List<Panel> all() {
    return List.of(waits(), share(), queue(), saturation());
  }

  private Panel waits() {
    return panel(
        "Wait",
        "The time that requests of a band waited for their dispatch: p99, and dashed the median.",
        "wait",
        FINE,
        bandLegend(),
        false,
        Chart.Scale::ofMillis,
        Shown::roundMillis,
        this::waitLines);
  }

  private Panel share() {
    return panel(
        "Share",
        "Each tenant's part of the cost that was dispatched; a prompt token costs 1, a generated"
            + " one 2.",
        "share",
        COARSE,
        tenantLegend(),
        true,
        most -> Chart.Scale.PARTS,
        part -> Shown.format("%.0f %%", part * 100),
        this::shareLines);
  }

  private Panel queue() {
    return panel(
        "Queue",
        "Requests that wait in Sluice, by band.",
        "requests",
        FINE,
        bandLegend(),
        true,
        Chart.Scale::ofCount,
        Shown::count,
        this::queueLines);
  }

  private Panel saturation() {
    return panel(
        "Saturation",
        "The saturation of the pool, as the engine saw it; at 1 there is no room.",
        "saturation",
        FINE,
        List.of(),
        false,
        most -> Chart.Scale.of(Math.max(1, most)),
        value -> Shown.format("%.2f", value),
        series -> List.of(new Chart.Line("saturation", 0, false, series.saturation())));
  }

  private Panel panel(
      String title,
      String explained,
      String unit,
      int finest,
      List<Key> legend,
      boolean stacked,
      DoubleFunction<Chart.Scale> scale,
      DoubleFunction<String> show,
      Function<Series, List<Chart.Line>> lines) {
    var bucket = comparison.runs().getFirst().result().series().bucketSeconds();
    var buckets = comparison.runs().getFirst().result().series().saturation().size();
    var merged = Math.max(1, (int) Math.ceil((double) buckets / finest));
    var drawn =
        comparison.runs().stream()
            .map(run -> coarser(lines.apply(run.result().series()), merged))
            .toList();
    var most = drawn.stream().mapToDouble(series -> highest(series, stacked)).max().orElse(1);
    var charts = new ArrayList<Chart>();
    for (var i = 0; i < drawn.size(); i++) {
      charts.add(
          new Chart(
              title + ", " + comparison.runs().get(i).name(),
              unit,
              bucket * merged,
              drawn.get(i),
              stacked,
              scale.apply(most),
              show));
    }
    return new Panel(title, explained, legend, charts);
  }

  private List<Chart.Line> waitLines(Series series) {
    var bands = comparison.bands();
    var lines = new ArrayList<Chart.Line>();
    for (var i = 0; i < bands.size(); i++) {
      var name = "band " + bands.get(i);
      var high = series.waitP99().getOrDefault(bands.get(i), List.of());
      var middle = series.waitP50().getOrDefault(bands.get(i), List.of());
      if (!high.isEmpty() && !middle.isEmpty()) {
        lines.add(new Chart.Line(name + " p99", i % COLOURS, false, high));
        lines.add(new Chart.Line(name + " p50", i % COLOURS, true, middle));
      }
    }
    return lines;
  }

  private List<Chart.Line> queueLines(Series series) {
    var bands = comparison.bands();
    var lines = new ArrayList<Chart.Line>();
    for (var i = 0; i < bands.size(); i++) {
      var queued = series.queued().getOrDefault(bands.get(i), List.of());
      if (!queued.isEmpty()) {
        lines.add(new Chart.Line("band " + bands.get(i), i % COLOURS, false, queued));
      }
    }
    return lines;
  }

  private List<Chart.Line> shareLines(Series series) {
    var lines = new ArrayList<Chart.Line>();
    for (var i = 0; i < charted.size(); i++) {
      var share = series.share().getOrDefault(charted.get(i), List.of());
      if (!share.isEmpty()) {
        lines.add(new Chart.Line(charted.get(i), i, false, share));
      }
    }
    var others = new ArrayList<Double>();
    for (Map.Entry<String, List<Double>> entry : series.share().entrySet()) {
      if (!charted.contains(entry.getKey())) {
        for (var i = 0; i < entry.getValue().size(); i++) {
          if (others.size() <= i) {
            others.add(0.0);
          }
          var value = entry.getValue().get(i);
          others.set(i, others.get(i) + (value.isNaN() ? 0 : value));
        }
      }
    }
    if (!others.isEmpty()) {
      lines.add(new Chart.Line(OTHERS, COLOURS, false, others));
    }
    return lines;
  }

  private List<Key> bandLegend() {
    var bands = comparison.bands();
    var legend = new ArrayList<Key>();
    for (var i = 0; i < bands.size(); i++) {
      legend.add(new Key("band " + bands.get(i), i % COLOURS));
    }
    return legend;
  }

  private List<Key> tenantLegend() {
    var legend = new ArrayList<Key>();
    for (var i = 0; i < charted.size(); i++) {
      legend.add(new Key(charted.get(i), i));
    }
    if (comparison.tenants().size() > charted.size()) {
      legend.add(new Key(OTHERS, COLOURS));
    }
    return legend;
  }

  /** Lines with the means of several buckets at a time. */
  private static List<Chart.Line> coarser(List<Chart.Line> lines, int merged) {
    if (merged == 1) {
      return lines;
    }
    var coarse = new ArrayList<Chart.Line>();
    for (var line : lines) {
      var values = new ArrayList<Double>();
      for (var from = 0; from < line.values().size(); from += merged) {
        var to = Math.min(from + merged, line.values().size());
        var mean =
            line.values().subList(from, to).stream()
                .mapToDouble(Double::doubleValue)
                .filter(value -> !Double.isNaN(value))
                .average();
        values.add(mean.orElse(Double.NaN));
      }
      coarse.add(new Chart.Line(line.name(), line.colour(), line.dashed(), values));
    }
    return coarse;
  }

  private static double highest(List<Chart.Line> lines, boolean stacked) {
    var buckets = lines.stream().mapToInt(line -> line.values().size()).max().orElse(0);
    var highest = 0.0;
    for (var i = 0; i < buckets; i++) {
      var sum = 0.0;
      for (var line : lines) {
        var value = i < line.values().size() ? line.values().get(i) : Double.NaN;
        if (!Double.isNaN(value)) {
          sum = stacked ? sum + value : Math.max(sum, value);
        }
      }
      highest = Math.max(highest, sum);
    }
    return highest;
  }
}
