package dev.sluice.benchmarks;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** {@code ./sluice bench}: runs the JMH benchmarks and prints one table. */
@Command(
    name = "sluice bench",
    mixinStandardHelpOptions = true,
    description = "Measures the engine and prints one table.")
public final class BenchCommand implements Callable<Integer> {
  private static final List<Class<?>> BENCHMARKS =
      List.of(AdmitBenchmark.class, RoundTripBenchmark.class);

  @Option(
      names = "--quick",
      description = "One short run of each: shows that they work, not how fast.")
  private boolean quick;

  @Option(
      names = "--only",
      paramLabel = "NAME",
      description = "Runs benchmarks with NAME in their name.")
  private @Nullable String only;

  @Option(names = "--json", paramLabel = "FILE", description = "Writes the results to FILE, too.")
  private @Nullable Path json;

  @Spec private @Nullable CommandSpec spec;

  /** One line of the table. */
  private record Line(
      String bench,
      Map<String, String> params,
      double perSecond,
      double nsPerOp,
      double bytesPerOp) {}

  /** Runs the command and exits with its code. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new BenchCommand()).execute(args));
  }

  @Override
  public Integer call() throws RunnerException {
    var options =
        new OptionsBuilder()
            .mode(Mode.AverageTime)
            .timeUnit(TimeUnit.NANOSECONDS)
            .addProfiler(GCProfiler.class)
            .verbosity(VerboseMode.SILENT)
            .warmupIterations(quick ? 1 : 5)
            .warmupTime(TimeValue.milliseconds(quick ? 200 : 1_000))
            .measurementIterations(quick ? 1 : 5)
            .measurementTime(TimeValue.milliseconds(quick ? 200 : 1_000))
            .forks(quick ? 0 : 2);
    for (var benchmark : BENCHMARKS) {
      if (only == null || name(benchmark.getName() + ".").contains(only)) {
        options.include("^" + benchmark.getName().replace(".", "\\.") + "\\.");
      }
    }
    var out = out();
    if (options.build().getIncludes().isEmpty()) {
      out.println("No benchmark has \"" + only + "\" in its name.");
      return CommandLine.ExitCode.USAGE;
    }
    var lines = lines(new Runner(options.build()).run());
    print(lines, out);
    if (json != null) {
      write(lines, json);
    }
    return CommandLine.ExitCode.OK;
  }

  private PrintWriter out() {
    return spec == null
        ? new PrintWriter(System.out, true, StandardCharsets.UTF_8)
        : spec.commandLine().getOut();
  }

  private static List<Line> lines(Collection<RunResult> results) {
    var lines = new ArrayList<Line>();
    for (var result : results) {
      var parameters = result.getParams();
      var values = new TreeMap<String, String>();
      for (var key : parameters.getParamsKeys()) {
        values.put(key, parameters.getParam(key));
      }
      var nanos = result.getPrimaryResult().getScore();
      var allocated = result.getSecondaryResults().get("gc.alloc.rate.norm");
      lines.add(
          new Line(
              name(parameters.getBenchmark()),
              values,
              1e9 / nanos,
              nanos,
              allocated == null ? Double.NaN : allocated.getScore()));
    }
    return lines;
  }

  /** {@code dev.sluice.benchmarks.AdmitBenchmark.admit} is called {@code admit}. */
  private static String name(String benchmark) {
    var simple =
        benchmark.substring(benchmark.lastIndexOf('.', benchmark.lastIndexOf('.') - 1) + 1);
    var type = simple.substring(0, simple.indexOf('.')).replace("Benchmark", "");
    return Character.toLowerCase(type.charAt(0)) + type.substring(1);
  }

  private static void print(List<Line> lines, PrintWriter out) {
    out.printf(
        "%-12s %-20s %14s %12s %10s%n", "benchmark", "parameters", "per second", "ns/op", "B/op");
    for (var line : lines) {
      out.printf(
          "%-12s %-20s %,14.0f %,12.0f %,10.0f%n",
          line.bench,
          line.params.isEmpty() ? "" : line.params.toString(),
          line.perSecond,
          line.nsPerOp,
          line.bytesPerOp);
    }
    out.flush();
  }

  private static void write(List<Line> lines, Path file) {
    try {
      Files.writeString(file, new JsonMapper().writeValueAsString(lines));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file + ": " + e.getMessage(), e);
    }
  }
}
