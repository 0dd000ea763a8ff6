package dev.sluice.simulation.report;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * A table of text: the first columns and the last are aligned to the left, all other columns to the
 * right. Not thread-safe.
 */
final class TextTable {
  private final int leading;
  private final List<List<String>> rows = new ArrayList<>();
  private final int[] widths;

  TextTable(int leading, List<String> header) {
    this.leading = leading;
    this.widths = new int[header.size()];
    add(header);
  }

  void add(List<String> cells) {
    if (cells.size() != widths.length) {
      throw new IllegalArgumentException(
          "got " + cells.size() + " cells, allowed " + widths.length);
    }
    for (var i = 0; i < widths.length; i++) {
      widths[i] = Math.max(widths[i], width(cells.get(i)));
    }
    rows.add(List.copyOf(cells));
  }

  void print(PrintWriter out) {
    for (var row : rows) {
      var line = new StringBuilder();
      for (var i = 0; i < widths.length; i++) {
        var pad = " ".repeat(widths[i] - width(row.get(i)));
        var left = i < leading || i == widths.length - 1;
        line.append(i == 0 ? "" : "  ").append(left ? row.get(i) + pad : pad + row.get(i));
      }
      out.println(line.toString().stripTrailing());
    }
  }

  private static int width(String cell) {
    return cell.codePointCount(0, cell.length());
  }
}
