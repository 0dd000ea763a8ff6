package dev.sluice.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The rates that upstream's own benchmarks reached. They are read from the output of {@code go test
 * -bench}: a line has the name, the number of iterations, and pairs of a figure and a unit. The
 * rate is the figure in {@code d/s} (dispatches) or {@code zombies/s} (cancellations).
 */
final class Beside {
  /** The name of the figure that is a result's rate divided by upstream's. */
  static final String RATIO = "timesUpstream";

  private static final Pattern LINE =
      Pattern.compile("Benchmark(\\S+?)(?:-\\d+)?\\s+\\d+\\s.*?([\\d.]+) (?:d|zombies)/s.*");

  /** Knows no rate, so that no result gets a ratio. */
  static final Beside NOTHING = new Beside(Map.of());

  private final Map<String, Double> perSecond;

  private Beside(Map<String, Double> perSecond) {
    this.perSecond = perSecond;
  }

  /**
   * Reads a file with the output of upstream's benchmarks.
   *
   * @throws IOException if the file can't be read, or has no line of a benchmark
   */
  static Beside read(Path file) throws IOException {
    var perSecond = new HashMap<String, Double>();
    for (var line : Files.readAllLines(file)) {
      var found = LINE.matcher(line);
      if (found.matches()) {
        perSecond.put(found.group(1), Double.parseDouble(found.group(2)));
      }
    }
    if (perSecond.isEmpty()) {
      throw new IOException(
          file
              + " has no line of a benchmark with a figure in d/s; it should hold what"
              + " `go test -bench` prints for upstream's flow control");
    }
    return new Beside(perSecond);
  }

  /** Adds the ratio to a result if upstream has the same benchmark. */
  Result compare(Result result) {
    var name = upstreamsName(result);
    var theirs = name == null ? null : perSecond.get(name);
    if (theirs == null) {
      return result;
    }
    var more = new LinkedHashMap<>(result.more());
    more.put(RATIO, result.perSecond() / theirs);
    return new Result(
        result.bench(),
        result.params(),
        result.perSecond(),
        result.nsPerOp(),
        result.bytesPerOp(),
        more);
  }

  private static @Nullable String upstreamsName(Result result) {
    return switch (result.bench()) {
      case "matrix" ->
          String.format(
              Locale.ROOT,
              "FlowController_PerformanceMatrix/L=%03d/P=%03d/F=%06d/W=%05d",
              number(result, "limit"),
              number(result, "priorities"),
              number(result, "flows"),
              number(result, "callers"));
      case "churn" -> "FlowController_TopologyChurn";
      case "cancellation" -> "FlowController_MassCancellation";
      case "full-path" -> "FlowController_FullPath";
      default -> null;
    };
  }

  private static int number(Result result, String param) {
    return result.params().get(param) instanceof Number number ? number.intValue() : -1;
  }

  /** One sentence about the ratios of the matrix, if there are any. */
  static Optional<String> summary(List<Result> results) {
    var ratios =
        results.stream()
            .filter(result -> result.bench().equals("matrix"))
            .mapToDouble(result -> result.more().getOrDefault(RATIO, Double.NaN))
            .filter(Double::isFinite)
            .toArray();
    if (ratios.length == 0) {
      return Optional.empty();
    }
    var mean = Math.exp(Arrays.stream(ratios).map(Math::log).average().orElseThrow());
    return Optional.of(
        String.format(
            Locale.ROOT,
            "The matrix beside upstream's: %.1f times its rate in the geometric mean, at least"
                + " %.1f, at most %.1f.",
            mean,
            Arrays.stream(ratios).min().orElseThrow(),
            Arrays.stream(ratios).max().orElseThrow()));
  }
}
