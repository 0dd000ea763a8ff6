package dev.sluice.simulation.workload;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Recorded traces as workloads. The format of a file is known from its extension and from its
 * header or keys: {@code .csv} for Azure's, BurstGPT's and the VTC arena's traces, {@code .jsonl}
 * for Mooncake's, Bailian's and AIBrix's and Sluice's own request log. The first request of a trace
 * arrives at 0.
 */
public final class Traces {

  /** The outcome in a request log of a request that flow control never saw. */
  public static final String NOT_OFFERED = "NotOffered";

  private Traces() {}

  /** Whether a file has the name of a trace. */
  public static boolean isTrace(Path file) {
    var name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    return name.endsWith(".csv") || name.endsWith(".jsonl");
  }

  /**
   * Reads a trace into memory, about 200 bytes a request.
   *
   * @throws InvalidWorkloadException with file, line and fault, if the file is not a trace
   * @throws IOException if the file can't be read
   */
  public static Workload open(Path file, TraceOptions options) throws IOException {
    return open(file, options, Map.of());
  }

  /**
   * Reads a trace whose requests get the priority and the time to live that the configuration of
   * their tenant says. Requests of other tenants keep what the trace or the options say.
   *
   * @param tenants the configured tenants by their ids
   * @throws InvalidWorkloadException with file, line and fault, if the file is not a trace
   * @throws IOException if the file can't be read
   */
  public static Workload open(Path file, TraceOptions options, Map<String, TenantRules> tenants)
      throws IOException {
    return open(file, TraceColumns.NONE, options, tenants);
  }

  /**
   * Reads a trace as above, or a log whose columns are named.
   *
   * @param columns the columns, or {@link TraceColumns#NONE} for a known format
   */
  static Workload open(
      Path file, TraceColumns columns, TraceOptions options, Map<String, TenantRules> tenants)
      throws IOException {
    var name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    if (!Files.exists(file)) {
      throw new InvalidWorkloadException(file + ": there is no such file");
    }
    List<TraceRow> rows;
    if (!columns.isNone()) {
      rows = MappedTrace.read(file, columns);
    } else if (name.endsWith(".csv")) {
      rows = CsvTrace.read(file);
    } else if (name.endsWith(".jsonl")) {
      rows = JsonLinesTrace.read(file);
    } else {
      throw new InvalidWorkloadException(
          file
              + ": got a name without a known end, allowed .csv and .jsonl;"
              + " name the columns of another log with --columns");
    }
    // A request log is in the order in which requests ended.
    var sorted = new ArrayList<>(rows);
    sorted.sort(Comparator.comparingLong(TraceRow::atNanos));
    return new Replay(sorted, options, Map.copyOf(tenants));
  }

  /** Rows with options applied. */
  private static final class Replay implements Workload {
    private final List<TraceRow> rows;
    private final TraceOptions options;
    private final Map<String, TenantRules> tenants;
    private final long first;
    private final double playNanos;
    private final long meanOutput;
    private long position;

    Replay(List<TraceRow> rows, TraceOptions options, Map<String, TenantRules> tenants) {
      this.rows = rows;
      this.options = options;
      this.tenants = tenants;
      this.first = rows.getFirst().atNanos();
      var length = rows.getLast().atNanos() - first;
      this.meanOutput =
          Math.round(
              rows.stream()
                  .mapToLong(TraceRow::outputTokens)
                  .filter(tokens -> tokens >= 0)
                  .average()
                  .orElse(128));
      // The next play begins a mean gap after the last request.
      this.playNanos = length + (rows.size() > 1 ? (double) length / (rows.size() - 1) : 1e9);
    }

    @Override
    public @Nullable Arrival next() {
      var play = position / rows.size();
      if (play >= options.repeat() || position >= options.limit()) {
        return null;
      }
      var row = rows.get((int) (position % rows.size()));
      var at = (play * playNanos + (row.atNanos() - first)) * options.timeScale();
      var tenant = tenant(row);
      var rules = tenants.get(tenant);
      var arrival =
          new Arrival(
              Math.round(at),
              tenant,
              options.tenants() > 0 || row.flow().isEmpty() ? tenant : row.flow(),
              priority(row, rules),
              row.model(),
              row.adapter(),
              row.inputTokens(),
              row.cachedInputTokens(),
              row.outputTokens() < 0 ? meanOutput : row.outputTokens(),
              row.maxOutputTokens(),
              row.sloNanos() < 0 ? options.sloNanos() : row.sloNanos(),
              rules == null ? row.ttlNanos() : rules.ttlOf(row.ttlNanos()),
              row.sizeBytes() < 0
                  ? row.inputTokens() * RequestShape.BYTES_PER_TOKEN
                  : row.sizeBytes(),
              row.prefixBlocks());
      position++;
      return arrival;
    }

    private int priority(TraceRow row, @Nullable TenantRules rules) {
      if (rules != null) {
        return rules.priorityOf(row.priority());
      }
      return row.priority() == TraceRow.NONE ? options.priority() : row.priority();
    }

    private String tenant(TraceRow row) {
      if (options.tenants() == 1) {
        return options.tenant();
      }
      if (options.tenants() > 1) {
        var hash = Randoms.mix(options.seed() ^ Randoms.mix(position));
        return options.tenant() + "-" + (1 + Long.remainderUnsigned(hash, options.tenants()));
      }
      return row.tenant().isEmpty() ? options.tenant() : row.tenant();
    }
  }
}
