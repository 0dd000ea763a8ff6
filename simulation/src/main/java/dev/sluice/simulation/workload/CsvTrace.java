package dev.sluice.simulation.workload;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoField;
import java.util.ArrayList;
import java.util.List;

/**
 * Traces in CSV, recognised by their header. Azure's traces of 2023 and 2024 have the columns
 * {@code TIMESTAMP, ContextTokens, GeneratedTokens} and no tenants. The VTC arena's traces have the
 * columns {@code arrival_s, client, input_tokens, output_tokens}.
 */
final class CsvTrace {
  private static final List<String> AZURE =
      List.of("TIMESTAMP", "ContextTokens", "GeneratedTokens");
  private static final List<String> ARENA =
      List.of("arrival_s", "client", "input_tokens", "output_tokens");
  private static final DateTimeFormatter TIMESTAMP =
      new DateTimeFormatterBuilder()
          .appendPattern("yyyy-MM-dd HH:mm:ss")
          .optionalStart()
          .appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true)
          .optionalEnd()
          .optionalStart()
          .appendOffset("+HH:MM", "+00:00")
          .optionalEnd()
          .toFormatter();

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
            + String.join(",", ARENA));
  }

  private TraceRow azure(NamedCsvRecord line) throws InvalidWorkloadException {
    var text = line.getField("TIMESTAMP");
    long at;
    try {
      at = RequestLog.nanos(LocalDateTime.parse(text, TIMESTAMP).toInstant(ZoneOffset.UTC));
    } catch (DateTimeParseException e) {
      throw fault(line, "TIMESTAMP", text, "a time such as 2023-11-16 18:17:03.9799600");
    }
    var input = count(line, "ContextTokens");
    return TraceRow.of(at, "", input, 0, count(line, "GeneratedTokens"), List.of());
  }

  private TraceRow arena(NamedCsvRecord line) throws InvalidWorkloadException {
    var text = line.getField("arrival_s");
    long at;
    try {
      at = new BigDecimal(text).movePointRight(9).longValueExact();
    } catch (ArithmeticException | NumberFormatException e) {
      throw fault(line, "arrival_s", text, "seconds such as 12.207938");
    }
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
