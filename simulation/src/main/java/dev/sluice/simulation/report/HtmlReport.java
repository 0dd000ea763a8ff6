package dev.sluice.simulation.report;

import dev.sluice.simulation.run.GroupResult;
import dev.sluice.simulation.run.SimulationResult;
import java.io.IOException;
import java.io.Writer;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A comparison as one page of HTML that needs no other file: no script, no font, no network. */
public final class HtmlReport {
  private static final int MOST_TENANTS = 100;

  private final Comparison comparison;
  private final StringBuilder page = new StringBuilder(1 << 16);

  /** A report that {@link #write} writes. */
  public HtmlReport(Comparison comparison) {
    this.comparison = comparison;
  }

  /** Writes the whole page. */
  public void write(Writer out) throws IOException {
    page.setLength(0);
    var title = Html.escape("Sluice simulation: " + comparison.workload());
    page.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n");
    page.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
    page.append("<title>")
        .append(title)
        .append("</title>\n<style>\n")
        .append(Html.style("chart.css"))
        .append(Html.style("report.css"));
    page.append("</style>\n</head>\n<body>\n<header>\n");
    page.append("<h1>").append(Html.escape(comparison.workload())).append("</h1>\n<p>");
    page.append(introduction()).append("</p>\n</header>\n<main>\n");
    runs();
    charts();
    groups(
        "Tenants",
        "tenant",
        comparison.largestTenants(MOST_TENANTS).stream().sorted().toList(),
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
    page.append(ProvenanceSection.of(comparison.provenance()));
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
    var several = comparison.runs().size() > 1;
    page.append(several ? "" : "<div class=\"pairs\">\n");
    for (var panel : new Panels(comparison).all()) {
      page.append("<section class=\"chart\">\n<h2>")
          .append(panel.title())
          .append("</h2>\n<p class=\"note\">")
          .append(Html.escape(panel.explained()))
          .append("</p>\n");
      legend(panel.legend());
      page.append("<div class=\"figures\">\n");
      for (var i = 0; i < panel.charts().size(); i++) {
        page.append("<figure>");
        if (several) {
          page.append("<figcaption>")
              .append(Html.escape(comparison.runs().get(i).name()))
              .append("</figcaption>");
        }
        page.append(panel.charts().get(i).svg()).append("</figure>\n");
      }
      page.append("</div>\n</section>\n");
    }
    page.append(several ? "" : "</div>\n");
  }

  private void legend(List<Panels.Key> legend) {
    if (legend.isEmpty()) {
      return;
    }
    page.append("<ul class=\"legend\">");
    for (var key : legend) {
      page.append("<li><span class=\"swatch s")
          .append(key.colour())
          .append("\"></span>")
          .append(Html.escape(key.name()))
          .append("</li>");
    }
    page.append("</ul>\n");
  }
}
