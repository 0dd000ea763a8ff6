package dev.sluice.server;

import dev.sluice.server.config.ConfigLoader;
import dev.sluice.server.config.InvalidConfigException;
import dev.sluice.server.config.LoadedConfig;
import dev.sluice.simulation.pool.PoolModel;
import dev.sluice.simulation.pool.ServerModel;
import dev.sluice.simulation.report.Comparison;
import dev.sluice.simulation.report.HtmlReport;
import dev.sluice.simulation.report.JsonReport;
import dev.sluice.simulation.report.Pictures;
import dev.sluice.simulation.report.Provenance;
import dev.sluice.simulation.report.TextReport;
import dev.sluice.simulation.run.Simulation;
import dev.sluice.simulation.run.SimulationOptions;
import dev.sluice.simulation.run.SimulationResult;
import dev.sluice.simulation.workload.InvalidWorkloadException;
import dev.sluice.simulation.workload.TraceColumns;
import dev.sluice.simulation.workload.WorkloadFile;
import java.io.Console;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code sluice simulate}: compares configurations under a workload, in virtual time, without a
 * GPU.
 */
@Command(
    name = "simulate",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Compares configurations under a workload, in virtual time, on simulated servers.",
    footer = {
      "",
      "A workload is a trace, a log with --columns, or a YAML file that describes traffic. Traces are"
          + " .csv of Azure, BurstGPT or the VTC arena, and .jsonl of Mooncake, Bailian, AIBrix or the"
          + " gateway's request log."
    })
final class SimulateCommand implements Callable<Integer> {
  private static final Duration DRAIN = Duration.ofMinutes(1);

  @Option(
      names = "--config",
      required = true,
      paramLabel = "FILE",
      description = "A configuration of the gateway; give several to compare them with the first.")
  private List<Path> configs = List.of();

  @Option(
      names = "--workload",
      required = true,
      paramLabel = "FILE",
      description = "The requests that arrive: a trace or a YAML file.")
  private Path workload = Path.of("");

  @Option(
      names = "--duration",
      paramLabel = "TIME",
      converter = TimeOption.class,
      description = "The time in which requests arrive; unless given, the workload's own.")
  private @Nullable Duration duration;

  @Option(
      names = "--seed",
      defaultValue = "0",
      paramLabel = "N",
      description = "The same seed gives the same result, to the byte (${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--servers",
      defaultValue = "4",
      paramLabel = "N",
      description = "The number of simulated model servers (${DEFAULT-VALUE}).")
  private int servers;

  @Option(
      names = "--slots",
      defaultValue = "8",
      paramLabel = "N",
      description = "Requests that each server runs at once (${DEFAULT-VALUE}).")
  private int slots;

  @Option(
      names = "--prefill",
      defaultValue = "8000",
      paramLabel = "N",
      description = "Prompt tokens that each server reads in a second (${DEFAULT-VALUE}).")
  private double prefill;

  @Option(
      names = "--token-time",
      defaultValue = "20ms",
      paramLabel = "TIME",
      converter = TimeOption.class,
      description = "The time for each generated token (${DEFAULT-VALUE}).")
  private Duration tokenTime = Duration.ZERO;

  @Option(
      names = "--batch-time",
      defaultValue = "0ms",
      paramLabel = "TIME",
      converter = TimeOption.class,
      description = "The time that each request in a batch adds to each token (${DEFAULT-VALUE}).")
  private Duration batchTime = Duration.ZERO;

  @Option(
      names = "--kv-tokens",
      defaultValue = "0",
      paramLabel = "N",
      description =
          "Tokens that each server's KV cache holds; 0 means no limit (${DEFAULT-VALUE}).")
  private long kvTokens;

  @Option(
      names = "--prefix-cache",
      defaultValue = "0",
      paramLabel = "N",
      description =
          "Prompt tokens that each server's prefix cache holds, for traces with prefix ids; 0 means"
              + " one cache that all servers share and that forgets nothing (${DEFAULT-VALUE}).")
  private long prefixCache;

  @Option(
      names = "--scrape",
      defaultValue = "50ms",
      paramLabel = "TIME",
      converter = TimeOption.class,
      description = "The time between two reads of the servers' metrics (${DEFAULT-VALUE}).")
  private Duration scrape = Duration.ZERO;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Writes the report to FILE, as JSON.")
  private @Nullable Path json;

  @Option(
      names = "--html",
      paramLabel = "FILE",
      description = "Writes the report with charts to FILE, as one page that needs no other file.")
  private @Nullable Path html;

  @Option(
      names = "--charts",
      paramLabel = "FOLDER",
      description = "Writes the charts to FOLDER, as pictures: wait.svg, share.svg and so on.")
  private @Nullable Path charts;

  @Option(
      names = "--columns",
      paramLabel = "FIELD=COLUMN,..",
      converter = Columns.class,
      description =
          "The columns of a log that has no known format: time, input, output, tenant, model,"
              + " priority. A column is a name in a CSV header, a key of JSON lines, or a number"
              + " from 1 in a line of words.")
  private TraceColumns columns = TraceColumns.NONE;

  @Option(
      names = "--keep-recorded",
      description =
          "Keeps the priorities and times to live that a trace says (the gateway's request log does)."
              + " Unless given, those of the configuration's tenants hold.")
  private boolean keepRecorded;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    if (spec == null) {
      throw new IllegalStateException("made by picocli only");
    }
    var err = spec.commandLine().getErr();
    try {
      checkFolder("--json", json);
      checkFolder("--html", html);
      if (charts != null && !Files.isDirectory(charts)) {
        throw usage("--charts: there is no folder " + charts);
      }
      var comparison = compare(spec.commandLine());
      new TextReport(comparison).print(spec.commandLine().getOut());
      if (json != null) {
        new JsonReport(comparison).write(Files.newBufferedWriter(json, StandardCharsets.UTF_8));
      }
      if (html != null) {
        try (var out = Files.newBufferedWriter(html, StandardCharsets.UTF_8)) {
          new HtmlReport(comparison).write(out);
        }
      }
      if (charts != null) {
        new Pictures(comparison).writeTo(charts);
      }
      return CommandLine.ExitCode.OK;
    } catch (InvalidConfigException | InvalidWorkloadException e) {
      err.println(e.getMessage());
      return CommandLine.ExitCode.USAGE;
    }
  }

  private Comparison compare(CommandLine line) throws IOException, InvalidConfigException {
    var loader = new ConfigLoader();
    var loaded = new ArrayList<LoadedConfig>();
    for (var config : configs) {
      loaded.add(loader.load(config)); // all configurations are read before the first run
    }
    var described = WorkloadFile.read(workload, columns);
    var nanos = duration == null ? described.lengthNanos() : duration.toNanos();
    var options = options(nanos);
    var pool = pool();
    var runs = new ArrayList<Comparison.Run>();
    for (var i = 0; i < loaded.size(); i++) {
      var name = name(i);
      var progress = new SimulationProgress(name, line.getErr(), isTerminal());
      SimulationResult result;
      try {
        result =
            new Simulation(
                    loaded.get(i).flowControl(),
                    pool,
                    described.open(
                        seed, nanos, keepRecorded ? Map.of() : ConfiguredTenants.of(loaded.get(i))),
                    options)
                .reportingTo(progress::at)
                .run();
      } finally {
        progress.end();
      }
      runs.add(new Comparison.Run(name, result));
    }
    var made = provenance(line, loaded, described, nanos, pool);
    return new Comparison(String.valueOf(workload.getFileName()), seed, runs, made);
  }

  private Provenance provenance(
      CommandLine line,
      List<LoadedConfig> loaded,
      WorkloadFile described,
      long nanos,
      PoolModel pool)
      throws IOException {
    var configurations = new ArrayList<Provenance.Configuration>();
    for (var i = 0; i < loaded.size(); i++) {
      configurations.add(ReportProvenance.configuration(name(i), configs.get(i), loaded.get(i)));
    }
    var root = line.getParent() == null ? line : line.getParent();
    return new Provenance(
        new SluiceCommand.Version().getVersion()[0],
        ReportProvenance.command(root.getParseResult().originalArgs()),
        ReportProvenance.workload(
            workload,
            described.traces().stream().map(WorkloadFile.Recorded::file).toList(),
            seed,
            Duration.ofNanos(nanos),
            keepRecorded ? "as the trace says" : "as the configuration says"),
        columns.isNone() ? ReportProvenance.workloadText(workload) : "",
        ReportProvenance.pool(pool),
        configurations);
  }

  private static boolean isTerminal() {
    return Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
  }

  private SimulationOptions options(long nanos) {
    try {
      return SimulationOptions.of(Duration.ofNanos(nanos), seed).withDrain(DRAIN);
    } catch (IllegalArgumentException e) {
      throw usage("--" + e.getMessage());
    }
  }

  private PoolModel pool() {
    try {
      var model =
          ServerModel.of(slots)
              .reading(prefill)
              .withBatch(tokenTime, batchTime, kvTokens)
              .withPrefixCache(prefixCache);
      return PoolModel.of(servers, model).scraped(scrape, Duration.ZERO);
    } catch (IllegalArgumentException e) {
      throw usage("the simulated servers: " + e.getMessage());
    }
  }

  /** The file's name without its extension, or the whole path if names are not unique. */
  private String name(int index) {
    var names = configs.stream().map(SimulateCommand::shortName).toList();
    var name = names.get(index);
    if (names.stream().filter(name::equals).count() == 1) {
      return name;
    }
    var path = configs.get(index).toString();
    return configs.indexOf(configs.get(index)) == index
            && configs.lastIndexOf(configs.get(index)) == index
        ? path
        : path + " #" + (index + 1);
  }

  private static String shortName(Path config) {
    return String.valueOf(config.getFileName()).replaceFirst("\\.ya?ml$", "");
  }

  private void checkFolder(String option, @Nullable Path file) {
    if (file != null) {
      var folder = file.toAbsolutePath().getParent();
      if (folder == null || !Files.isDirectory(folder)) {
        throw usage(option + ": there is no folder " + folder);
      }
    }
  }

  private CommandLine.ParameterException usage(String what) {
    if (spec == null) {
      throw new IllegalStateException("made by picocli only");
    }
    return new CommandLine.ParameterException(spec.commandLine(), what);
  }

  /** {@code time=ts,input=prompt_tokens}. */
  static final class Columns implements CommandLine.ITypeConverter<TraceColumns> {
    @Override
    public TraceColumns convert(String text) {
      try {
        return TraceColumns.parse(text);
      } catch (IllegalArgumentException e) {
        throw new CommandLine.TypeConversionException(e.getMessage());
      }
    }
  }
}
