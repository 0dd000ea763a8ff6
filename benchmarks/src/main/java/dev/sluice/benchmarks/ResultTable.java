package dev.sluice.benchmarks;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.stream.Collectors;
import tools.jackson.databind.json.JsonMapper;

/** Formats results as text for a terminal, as JSON, and as a Markdown table. Stateless. */
final class ResultTable {
  private static final String LINE = "%-12s %-46s %14s %12s %10s  %s%n";

  private ResultTable() {}

  /** Prints the head of the table. */
  static void printHead(PrintWriter out) {
    out.printf(LINE, "bench", "parameters", "per second", "ns/op", "B/op", "");
    out.flush();
  }

  /** Prints one line of the table. */
  static void print(Result result, PrintWriter out) {
    out.printf(
        LINE,
        result.bench(),
        params(result),
        figure(result.perSecond()),
        figure(result.nsPerOp()),
        figure(result.bytesPerOp()),
        more(result));
    out.flush();
  }

  /** The results as JSON: an array of {@code {"bench", "params", "perSecond", ...}}. */
  static String json(List<Result> results) {
    return new JsonMapper()
        .writerWithDefaultPrettyPrinter()
        .writeValueAsString(results.stream().map(ResultTable::members).toList());
  }

  private static Map<String, Object> members(Result result) {
    var members = new LinkedHashMap<String, Object>();
    members.put("bench", result.bench());
    members.put("params", result.params());
    putFinite(members, "perSecond", result.perSecond());
    putFinite(members, "nsPerOp", result.nsPerOp());
    putFinite(members, "bytesPerOp", result.bytesPerOp());
    result.more().forEach((name, value) -> putFinite(members, name, value));
    return members;
  }

  /** Adds a figure. JSON has no NaN, so a figure that was not measured is null. */
  @SuppressWarnings("NullAway") // JSON has nulls
  private static void putFinite(Map<String, Object> members, String name, double value) {
    members.put(name, Double.isFinite(value) ? value : null);
  }

  /** The results as a Markdown table. */
  static String markdown(List<Result> results) {
    var lines = new StringBuilder("| bench | parameters | per second | ns/op | B/op | more |\n");
    lines.append("|---|---|---:|---:|---:|---|\n");
    for (var result : results) {
      var cells = new StringJoiner(" | ", "| ", " |\n");
      cells.add(result.bench()).add(params(result));
      cells.add(figure(result.perSecond())).add(figure(result.nsPerOp()));
      cells.add(figure(result.bytesPerOp())).add(more(result));
      lines.append(cells);
    }
    return lines.toString();
  }

  private static String params(Result result) {
    return result.params().entrySet().stream()
        .map(entry -> entry.getKey() + "=" + entry.getValue())
        .collect(Collectors.joining(" "));
  }

  private static String more(Result result) {
    return result.more().entrySet().stream()
        .map(entry -> entry.getKey() + " " + figure(entry.getValue()))
        .collect(Collectors.joining(", "));
  }

  private static String figure(double value) {
    if (!Double.isFinite(value)) {
      return "-";
    }
    return String.format(Locale.ROOT, Math.abs(value) < 100 ? "%.3g" : "%,.0f", value);
  }
}
