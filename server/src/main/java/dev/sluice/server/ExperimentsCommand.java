package dev.sluice.server;

import dev.sluice.simulation.experiments.Experiment;
import dev.sluice.simulation.experiments.Row;
import dev.sluice.simulation.experiments.Sheet;
import dev.sluice.simulation.experiments.SheetPage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** {@code sluice experiments}: measures Sluice's claims about its decisions. */
@Command(
    name = "experiments",
    mixinStandardHelpOptions = true,
    description = {
      "Measures Sluice's claims about its decisions, in virtual time, beside baselines.",
      "Each figure is shown at its worst over the seeds."
    })
final class ExperimentsCommand implements Callable<Integer> {

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "ID",
      description = "The experiments to run, such as E5,E8; all unless given.")
  private List<String> only = List.of();

  @Option(
      names = "--seeds",
      paramLabel = "LIST",
      description = {
        "The seeds to measure with, such as 0-4,100-119; 0-4 unless given.",
        "new:20 draws twenty seeds. The seeds that were used are printed."
      })
  private @Nullable String seeds;

  @Option(names = "--json", paramLabel = "FILE", description = "Writes every row to FILE, as JSON.")
  private @Nullable Path json;

  @Option(
      names = "--markdown",
      paramLabel = "FILE",
      description = "Writes the tables to FILE, in Markdown.")
  private @Nullable Path markdown;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    if (spec == null) {
      throw new IllegalStateException("made by picocli only");
    }
    var out = spec.commandLine().getOut();
    var experiments = chosen(spec.commandLine());
    var used = seeds(spec.commandLine());
    out.printf("Seeds %s%n%n", Seeds.format(used));
    var rows = new ArrayList<Row>();
    for (var experiment : experiments) {
      var own = Sheet.run(List.of(experiment), used, row -> {});
      rows.addAll(own);
      out.println(SheetPage.text(experiment, own));
      out.flush();
    }
    if (json != null) {
      JsonMapper.shared().writeValue(json, rows.stream().map(JsonRow::of).toList());
    }
    if (markdown != null) {
      Files.writeString(markdown, SheetPage.markdown(experiments, rows));
    }
    var failed = rows.stream().filter(row -> !row.baseline() && !row.passed()).count();
    out.printf(
        "%d experiments, %d rows of Sluice's own, %d failed. Seeds %s.%n",
        experiments.size(),
        rows.stream().filter(row -> !row.baseline()).count(),
        failed,
        Seeds.format(used));
    return failed == 0 ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
  }

  private List<Long> seeds(CommandLine line) {
    if (seeds == null) {
      return Sheet.SEEDS;
    }
    try {
      return Seeds.parse(seeds, RandomGenerator.getDefault());
    } catch (IllegalArgumentException e) {
      throw new ParameterException(line, "--seeds: " + e.getMessage(), e);
    }
  }

  private List<Experiment> chosen(CommandLine line) {
    if (only.isEmpty()) {
      return Sheet.experiments();
    }
    return only.stream()
        .map(id ->
            Sheet.find(id)
                .orElseThrow(() ->
                    new ParameterException(
                        line,
                        "--only: no experiment "
                            + id
                            + "; there are "
                            + String.join(
                                ", ", Sheet.experiments().stream().map(Experiment::id).toList()))))
        .toList();
  }

  /** A row in JSON. A figure that could not be measured is null. */
  private record JsonRow(
      String id,
      String policy,
      boolean baseline,
      long seed,
      String figure,
      @Nullable Double measured,
      double bound,
      boolean atMost,
      boolean passed) {
    static JsonRow of(Row row) {
      var figure = row.figure();
      return new JsonRow(
          row.id(),
          row.policy(),
          row.baseline(),
          row.seed(),
          figure.name(),
          Double.isFinite(figure.value()) ? figure.value() : null,
          figure.bound(),
          figure.atMost(),
          row.passed());
    }
  }
}
