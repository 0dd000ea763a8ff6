package dev.sluice.simulation.report;

import dev.sluice.simulation.run.GroupResult;
import dev.sluice.simulation.run.Series;
import dev.sluice.simulation.run.SimulationResult;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.DoubleFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A comparison as one page of HTML that needs nothing else: no script, no font, no network. Charts
 * of all configurations have the same scale, so that they can be compared by eye.
 */
public final class HtmlReport {
  private static final int COLOURS = 8;
  private static final int MOST_TENANTS = 100;

  /** The most buckets of a chart. */
  private static final int FINE = 240;

  /** Of shares, which jump about from bucket to bucket. */
  private static final int COARSE = 40;

  private static final String OTHERS = "all others";

  private final Comparison comparison;
  private final List<String> charted;
  private final StringBuilder page = new StringBuilder(1 << 16);

  /** A report that {@link #write} writes. */
  public HtmlReport(Comparison comparison) {
    this.comparison = comparison;
    this.charted = largestTenants(COLOURS);
  }

  /** Writes the whole page. */
  public void write(Writer out) throws IOException {
    page.setLength(0);
    var title = Html.escape("Sluice simulation: " + comparison.workload());
    page.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n");
    page.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
    page.append("<title>").append(title).append("</title>\n<style>\n").append(style());
    page.append("</style>\n</head>\n<body>\n<header>\n");
    page.append("<h1>").append(Html.escape(comparison.workload())).append("</h1>\n<p>");
    page.append(introduction()).append("</p>\n</header>\n<main>\n");
    runs();
    charts();
    groups(
        "Tenants",
        "tenant",
        largestTenants(MOST_TENANTS).stream().sorted().toList(),
        k -> k,
        (run, tenant) -> run.result().tenants().get(tenant));
    var left = comparison.tenants().size() - MOST_TENANTS;
    if (left > 0) {
      page.append("<p class=\"note\">and ").append(left).append(" that used less.</p>\n");
    }
    groups(
        "Bands",
        "band",
        comparison.bands(),
        String::valueOf,
        (run, band) -> run.result().bands().get(band));
    page.append("</main>\n<footer><p>");
    page.append("Simulated by Sluice in virtual time; decisions ");
    for (var run : comparison.runs()) {
      page.append(run == comparison.runs().getFirst() ? "" : ", ")
          .append("<code>")
          .append(Long.toHexString(run.result().decisionHash()))
          .append("</code>");
    }
    page.append(". The same inputs give the same page.</p></footer>\n</body>\n</html>\n");
    out.append(page);
    out.flush();
  }

  private String introduction() {
    var first = comparison.runs().getFirst();
    var text = new StringBuilder();
    text.append(Shown.count((double) first.result().all().offered()))
        .append(" requests in ")
        .append(Shown.clock(first.result().simulatedSeconds()))
        .append(" simulated, seed ")
        .append(comparison.seed())
        .append(", ");
    if (comparison.runs().size() == 1) {
      return text.append("under <b>").append(Html.escape(first.name())).append("</b>.").toString();
    }
    text.append("under ").append(comparison.runs().size()).append(" configurations: ");
    for (var run : comparison.runs()) {
      text.append(run == first ? "" : ", ")
          .append("<b>")
          .append(Html.escape(run.name()))
          .append("</b>");
    }
    return text.append(". Differences are against <b>")
        .append(Html.escape(first.name()))
        .append("</b>.")
        .toString();
  }

  private void runs() {
    page.append("<section>\n<h2>In all</h2>\n<div class=\"pairs\">\n");
    var half = (Column.OF_RUNS.size() + 1) / 2;
    runs(Column.OF_RUNS.subList(0, half));
    runs(Column.OF_RUNS.subList(half, Column.OF_RUNS.size()));
    page.append("</div>\n</section>\n");
  }

  private void runs(List<Column<SimulationResult>> columns) {
    page.append("<div class=\"scroll\"><table class=\"wide\">\n<thead><tr><th></th>");
    for (var run : comparison.runs()) {
      page.append("<th class=\"number\">").append(Html.escape(run.name())).append("</th>");
    }
    page.append("</tr></thead>\n<tbody>\n");
    var first = comparison.runs().getFirst().result();
    for (var column : columns) {
      page.append("<tr><th>")
          .append(Html.escape(column.name()))
          .append("<span class=\"hint\">")
          .append(Html.escape(column.hint()))
          .append("</span></th>");
      for (var run : comparison.runs()) {
        cell(column, run.result(), run.result() == first ? null : first);
      }
      page.append("</tr>\n");
    }
    page.append("</tbody></table></div>\n");
  }

  private interface Lookup<K> {
    @Nullable GroupResult of(Comparison.Run run, K key);
  }

  private <K> void groups(
      String title, String kind, List<K> keys, Function<K, String> name, Lookup<K> lookup) {
    var several = comparison.runs().size() > 1;
    page.append("<section>\n<h2>").append(title).append("</h2>\n<div class=\"scroll\"><table>\n");
    page.append("<thead><tr><th>").append(kind).append("</th>");
    page.append(several ? "<th>configuration</th>" : "");
    for (var column : Column.OF_GROUPS) {
      page.append("<th class=\"number\" title=\"")
          .append(Html.escape(column.hint()))
          .append("\">")
          .append(Html.escape(column.name()))
          .append("</th>");
    }
    page.append("<th>refused by cause</th></tr></thead>\n");
    for (var key : keys) {
      var first = lookup.of(comparison.runs().getFirst(), key);
      var present = comparison.runs().stream().filter(run -> lookup.of(run, key) != null).toList();
      page.append("<tbody>\n");
      for (var run : present) {
        var group = Objects.requireNonNull(lookup.of(run, key));
        page.append("<tr>");
        if (run == present.getFirst()) {
          page.append("<th rowspan=\"")
              .append(present.size())
              .append("\">")
              .append(Html.escape(name.apply(key)))
              .append("</th>");
        }
        page.append(several ? "<td>" + Html.escape(run.name()) + "</td>" : "");
        for (var column : Column.OF_GROUPS) {
          cell(column, group, group == first ? null : first);
        }
        page.append("<td class=\"hint\">")
            .append(Html.escape(Shown.causes(group.refused())))
            .append("</td></tr>\n");
      }
      page.append("</tbody>\n");
    }
    page.append("</table></div>\n</section>\n");
  }

  private <T> void cell(Column<T> column, T of, @Nullable T base) {
    page.append("<td class=\"number\">").append(Html.escape(column.show(of)));
    if (base != null) {
      var difference = column.difference(of, base);
      if (!Shown.SAME.contains(difference)) {
        var judged = column.judge(of, base);
        var kind = judged > 0 ? "better" : judged < 0 ? "worse" : "other";
        page.append("<small class=\"")
            .append(kind)
            .append("\">")
            .append(Html.escape(difference))
            .append("</small>");
      }
    }
    page.append("</td>");
  }

  private void charts() {
    page.append(comparison.runs().size() == 1 ? "<div class=\"pairs\">\n" : "");
    var bands = comparison.bands();
    chart(
        "Wait",
        "How long requests of a band had been queued when they were dispatched: p99, and dashed the"
            + " median.",
        "wait",
        FINE,
        bandLegend(),
        false,
        Chart.Scale::ofMillis,
        Shown::roundMillis,
        series -> {
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
        });
    chart(
        "Share",
        "Each tenant's part of the cost that was dispatched; a prompt token costs 1, a generated"
            + " one 2.",
        "share",
        COARSE,
        tenantLegend(),
        true,
        most -> Chart.Scale.PARTS,
        part -> Shown.format("%.0f %%", part * 100),
        this::shares);
    chart(
        "Queue",
        "Requests that wait in Sluice, by band.",
        "requests",
        FINE,
        bandLegend(),
        true,
        Chart.Scale::ofCount,
        Shown::count,
        series -> {
          var lines = new ArrayList<Chart.Line>();
          for (var i = 0; i < bands.size(); i++) {
            var queued = series.queued().getOrDefault(bands.get(i), List.of());
            if (!queued.isEmpty()) {
              lines.add(new Chart.Line("band " + bands.get(i), i % COLOURS, false, queued));
            }
          }
          return lines;
        });
    chart(
        "Saturation",
        "Of the pool, as the engine saw it; at 1 there is no room.",
        "saturation",
        FINE,
        "",
        false,
        most -> Chart.Scale.of(Math.max(1, most)),
        value -> Shown.format("%.2f", value),
        series -> List.of(new Chart.Line("saturation", 0, false, series.saturation())));
    page.append(comparison.runs().size() == 1 ? "</div>\n" : "");
  }

  private void chart(
      String title,
      String explained,
      String unit,
      int finest,
      String legend,
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
    page.append("<section class=\"chart\">\n<h2>")
        .append(title)
        .append("</h2>\n<p class=\"note\">");
    page.append(Html.escape(explained)).append("</p>\n").append(legend);
    page.append("<div class=\"figures\">\n");
    for (var i = 0; i < drawn.size(); i++) {
      var run = comparison.runs().get(i);
      var svg =
          new Chart(
              title + ", " + run.name(),
              unit,
              bucket * merged,
              drawn.get(i),
              stacked,
              scale.apply(most),
              show);
      page.append("<figure>");
      if (drawn.size() > 1) {
        page.append("<figcaption>").append(Html.escape(run.name())).append("</figcaption>");
      }
      page.append(svg.svg()).append("</figure>\n");
    }
    page.append("</div>\n</section>\n");
  }

  /** Lines with the means of so many buckets at a time. */
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

  private List<Chart.Line> shares(Series series) {
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

  /** The tenants that used most in any run, by how much. */
  private List<String> largestTenants(int count) {
    Function<String, Double> cost =
        tenant -> {
          var most = 0.0;
          for (var run : comparison.runs()) {
            var result = run.result().tenants().get(tenant);
            most = result == null ? most : Math.max(most, result.cost());
          }
          return -most;
        };
    return comparison.tenants().stream().sorted(Comparator.comparing(cost)).limit(count).toList();
  }

  private String bandLegend() {
    var names = comparison.bands().stream().map(band -> "band " + band).toList();
    return legend(names, COLOURS);
  }

  private String tenantLegend() {
    var names = new ArrayList<>(charted);
    if (comparison.tenants().size() > charted.size()) {
      names.add(OTHERS);
    }
    return legend(names, COLOURS + 1);
  }

  private static String legend(List<String> names, int colours) {
    var legend = new StringBuilder("<ul class=\"legend\">");
    for (var i = 0; i < names.size(); i++) {
      legend
          .append("<li><span class=\"swatch s")
          .append(i % colours)
          .append("\"></span>")
          .append(Html.escape(names.get(i)))
          .append("</li>");
    }
    return legend.append("</ul>\n").toString();
  }

  private static String style() {
    try (var css = HtmlReport.class.getResourceAsStream("report.css")) {
      return new String(
          Objects.requireNonNull(css, "report.css").readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
