package dev.sluice.benchmarks;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code ./sluice bench}: runs the benches and prints one table. */
@Command(
    name = "sluice bench",
    mixinStandardHelpOptions = true,
    description = "Measures the engine and the gateway, and prints one table.")
public final class BenchCommand implements Callable<Integer> {

  @Option(
      names = "--quick",
      description = "Runs each bench once, for a moment: shows that it works, not how fast it is.")
  private boolean quick;

  @Option(
      names = "--only",
      paramLabel = "NAME",
      defaultValue = "",
      description = "Runs the bench NAME, or all benches with NAME in their name.")
  private String only = "";

  @Option(names = "--json", paramLabel = "FILE", description = "Also writes the results to FILE.")
  private @Nullable Path json;

  @Option(
      names = "--markdown",
      paramLabel = "FILE",
      description = "Also writes the table into FILE, between two markers.")
  private @Nullable Path markdown;

  @Option(
      names = "--beside",
      paramLabel = "FILE",
      description =
          "Reads the output of upstream's benchmarks from FILE, and adds how many times"
              + " upstream's rate each result is.")
  private @Nullable Path beside;

  @Spec private @Nullable CommandSpec spec;

  /** Runs the command and exits with its code. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new BenchCommand()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    var out = out();
    var benches = Benches.named(only);
    if (benches.isEmpty()) {
      out.println("No bench has \"" + only + "\" in its name. The benches are: " + Benches.names());
      return CommandLine.ExitCode.USAGE;
    }
    var upstream = beside == null ? Beside.NOTHING : Beside.read(beside);
    var results = new ArrayList<Result>();
    out.println(Report.machine());
    ResultTable.printHead(out);
    for (var bench : benches) {
      for (var measured : bench.run(quick ? Bench.Scale.QUICK : Bench.Scale.FULL)) {
        var result = upstream.compare(measured);
        results.add(result);
        ResultTable.print(result, out);
      }
      if (json != null) {
        write(json, ResultTable.json(results));
      }
    }
    Beside.summary(results).ifPresent(out::println);
    if (markdown != null) {
      Report.write(results, markdown);
    }
    return CommandLine.ExitCode.OK;
  }

  private static void write(Path file, String text) throws IOException {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new IOException("cannot write " + file + ": " + e.getMessage(), e);
    }
  }

  private PrintWriter out() {
    return spec == null
        ? new PrintWriter(System.out, true, StandardCharsets.UTF_8)
        : spec.commandLine().getOut();
  }
}
