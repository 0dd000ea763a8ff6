package dev.sluice.simulation.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * A comparison's charts as pictures for other pages: one SVG file for each kind, {@code wait.svg},
 * {@code share.svg}, {@code queue.svg} and {@code saturation.svg}, with the configurations one
 * below the other. A file needs no other file, and is the same for the same results.
 */
public final class Pictures {
  private static final int CAPTION = 22;
  private static final int LEGEND_LINE = 20;
  private static final int INDENT = 14;
  private static final int SWATCH = 12;
  private static final int GAP = 18;
  private static final double LETTER = 6.6;

  private final Comparison comparison;

  /** Pictures that {@link #writeTo} writes. */
  public Pictures(Comparison comparison) {
    this.comparison = comparison;
  }

  /** Writes all pictures into an existing folder, in place of files with the same names. */
  public void writeTo(Path folder) throws IOException {
    for (var panel : new Panels(comparison).all()) {
      var name = panel.title().toLowerCase(Locale.ROOT) + ".svg";
      Files.writeString(folder.resolve(name), picture(panel));
    }
  }

  private String picture(Panels.Panel panel) {
    var drawn = new StringBuilder();
    var y = 0;
    for (var i = 0; i < panel.charts().size(); i++) {
      drawn
          .append(Shown.format("<text class=\"caption\" x=\"%d\" y=\"%d\">", INDENT, y + 16))
          .append(Html.escape(comparison.runs().get(i).name()))
          .append(Shown.format("</text>\n<g transform=\"translate(0 %d)\">", y + CAPTION))
          .append(panel.charts().get(i).drawing())
          .append("</g>\n");
      y += CAPTION + Chart.HEIGHT;
    }
    y = legend(drawn, panel.legend(), y);
    return Shown.format(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\""
                + " height=\"%d\" role=\"img\">\n",
            Chart.WIDTH, y, Chart.WIDTH, y)
        + "<title>"
        + Html.escape(panel.title() + ": " + panel.explained())
        + "</title>\n<style>\n"
        + Html.style("chart.css")
        + "</style>\n<rect class=\"page\" width=\"100%\" height=\"100%\"/>\n"
        + drawn
        + "</svg>\n";
  }

  /**
   * Draws the legend from {@code top} on, in as many lines as it takes, and returns its lower end.
   */
  private static int legend(StringBuilder drawn, List<Panels.Key> legend, int top) {
    if (legend.isEmpty()) {
      return top;
    }
    var x = (double) INDENT;
    var y = top + LEGEND_LINE / 2;
    for (var key : legend) {
      var width = SWATCH + 6 + key.name().length() * LETTER;
      if (x > INDENT && x + width > Chart.WIDTH - INDENT) {
        x = INDENT;
        y += LEGEND_LINE;
      }
      drawn
          .append(
              Shown.format(
                  "<rect class=\"swatch s%d\" x=\"%.1f\" y=\"%d\" width=\"%d\" height=\"%d\"/>",
                  key.colour(), x, y, SWATCH, SWATCH))
          .append(Shown.format("<text x=\"%.1f\" y=\"%d\">", x + SWATCH + 6, y + 10))
          .append(Html.escape(key.name()))
          .append("</text>\n");
      x += width + GAP;
    }
    return y + LEGEND_LINE;
  }
}
