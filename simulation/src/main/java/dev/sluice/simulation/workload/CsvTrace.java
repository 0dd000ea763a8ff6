package dev.sluice.simulation.workload;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Traces in CSV, recognised by their header.
 *
 * <ul>
 *   <li>Azure's traces have the columns {@code TIMESTAMP, ContextTokens, GeneratedTokens}. If there
 *       is one more called {@code Tenant}, {@code TenantId}, {@code Client} or {@code User}, in any
 *       case, it names the tenants.
 *   <li>The VTC arena's traces have the columns {@code arrival_s, client, input_tokens,
 *       output_tokens}.
 *   <li>BurstGPT's traces have the columns {@code Timestamp} in seconds, {@code Model, Request
 *       tokens, Response tokens}. A response of 0 tokens is a failure, so the length is unknown.
 * </ul>
 */
final class CsvTrace {
  private static final List<String> AZURE =
      List.of("TIMESTAMP", "ContextTokens", "GeneratedTokens");
  private static final List<String> ARENA =
      List.of("arrival_s", "client", "input_tokens", "output_tokens");
  private static final List<String> BURST_GPT =
      List.of("Timestamp", "Model", "Request tokens", "Response tokens");
  private static final Set<String> TENANT_COLUMNS = Set.of("tenant", "tenantid", "client", "user");

  private final String file;

  private CsvTrace(String file) {
    this.file = file;
  }

  static List<TraceRow> read(Path path) throws IOException {
    return new CsvTrace(path.toString()).rows(path);
  }

  private List<TraceRow> rows(Path path) throws IOException {
    var rows = new ArrayList<TraceRow>();
    try (var reader = CsvReader.builder().detectBomHeader(true).ofNamedCsvRecord(path)) {
      for (var line : reader) {
        var header = line.getHeader();
        if (header.containsAll(AZURE)) {
          rows.add(azure(line));
        } else if (header.containsAll(ARENA)) {
          rows.add(arena(line));
        } else if (header.containsAll(BURST_GPT)) {
          rows.add(burstGpt(line));
        } else {
          throw unknownHeader(header);
        }
      }
    } catch (CsvParseException e) {
      throw new InvalidWorkloadException(file + ": " + reason(e));
    } catch (UncheckedIOException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
    if (rows.isEmpty()) {
      throw new InvalidWorkloadException(file + ": has no requests after its header");
    }
    return rows;
  }

  private InvalidWorkloadException unknownHeader(List<String> header) {
    return InvalidWorkloadException.inLine(
        file,
        1,
        "got the header "
            + String.join(",", header)
            + ", allowed "
            + String.join(",", AZURE)
            + " or "
            + String.join(",", ARENA)
            + " or "
            + String.join(",", BURST_GPT)
            + "; name the columns of another log with --columns");
  }

  private TraceRow azure(NamedCsvRecord line) throws InvalidWorkloadException {
    var text = line.getField("TIMESTAMP");
    var at = TraceTime.nanos(text);
    if (at.isEmpty()) {
      throw fault(line, "TIMESTAMP", text, "a time such as 2023-11-16 18:17:03.9799600");
    }
    var input = count(line, "ContextTokens");
    return TraceRow.of(
        at.get(), azureTenant(line), input, 0, count(line, "GeneratedTokens"), List.of());
  }

  private static String azureTenant(NamedCsvRecord line) {
    for (var column : line.getHeader()) {
      if (TENANT_COLUMNS.contains(column.toLowerCase(Locale.ROOT).replace("_", ""))) {
        return line.getField(column).strip();
      }
    }
    return "";
  }

  private TraceRow burstGpt(NamedCsvRecord line) throws InvalidWorkloadException {
    var at = seconds(line, "Timestamp");
    var input = count(line, "Request tokens");
    var output = count(line, "Response tokens");
    return TraceRow.of(at, "", input, 0, output == 0 ? -1 : output, List.of())
        .ofModel(line.getField("Model").strip());
  }

  private long seconds(NamedCsvRecord line, String column) throws InvalidWorkloadException {
    var text = line.getField(column);
    return TraceTime.ofSeconds(text)
        .orElseThrow(() -> fault(line, column, text, "seconds such as 12.207938"));
  }

  private TraceRow arena(NamedCsvRecord line) throws InvalidWorkloadException {
    var at = seconds(line, "arrival_s");
    var client = line.getField("client");
    if (client.isBlank()) {
      throw fault(line, "client", "nothing", "a name");
    }
    var input = count(line, "input_tokens");
    return TraceRow.of(at, client, input, 0, count(line, "output_tokens"), List.of());
  }

  private long count(NamedCsvRecord line, String column) throws InvalidWorkloadException {
    var text = line.getField(column);
    try {
      var count = Long.parseLong(text.strip());
      if (count >= 0 && count <= TokenLengths.LONGEST) {
        return count;
      }
    } catch (NumberFormatException e) {
      throw fault(line, column, text, "a whole number of tokens");
    }
    throw fault(line, column, text, "0 to " + TokenLengths.LONGEST + " tokens");
  }

  private InvalidWorkloadException fault(
      NamedCsvRecord line, String column, String got, String allowed) {
    return InvalidWorkloadException.inLine(
        file, line.getStartingLineNumber(), column + ": got " + got + ", allowed " + allowed);
  }

  private static String reason(CsvParseException e) {
    var cause = e.getCause();
    return e.getMessage() + (cause == null ? "" : ": " + cause.getMessage());
  }
}
