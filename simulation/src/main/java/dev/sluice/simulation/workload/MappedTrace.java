package dev.sluice.simulation.workload;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import dev.sluice.simulation.workload.TraceColumns.Field;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * A log whose columns are named by {@link TraceColumns}: CSV with a header, lines of JSON, or lines
 * of words as web servers write them, in which {@code [...]} and {@code "..."} are one word each.
 * Lines whose input is empty or {@code -} were no requests to a model and are left out. An output
 * that is empty or {@code -} is unknown.
 */
final class MappedTrace {
  private static final Pattern WORD =
      Pattern.compile("\\[([^]]*)]|\"((?:[^\"\\\\]|\\\\.)*)\"|(\\S+)");

  private final String file;
  private final TraceColumns columns;
  private final List<TraceRow> rows = new ArrayList<>();

  private MappedTrace(String file, TraceColumns columns) {
    this.file = file;
    this.columns = columns;
  }

  static List<TraceRow> read(Path path, TraceColumns columns) throws IOException {
    var trace = new MappedTrace(path.toString(), columns);
    var name = String.valueOf(path.getFileName()).toLowerCase(Locale.ROOT);
    if (name.endsWith(".csv")) {
      trace.readCsv(path);
    } else {
      trace.readLines(path, name.endsWith(".jsonl") || name.endsWith(".json"));
    }
    if (trace.rows.isEmpty()) {
      throw new InvalidWorkloadException(path + ": has no line with a number of prompt tokens");
    }
    return trace.rows;
  }

  private void readCsv(Path path) throws IOException {
    try (var reader = CsvReader.builder().detectBomHeader(true).ofNamedCsvRecord(path)) {
      for (var line : reader) {
        for (var column : columns.names().values()) {
          if (!line.getHeader().contains(column)) {
            throw InvalidWorkloadException.inLine(
                file,
                1,
                "has no column " + column + ", it has " + String.join(",", line.getHeader()));
          }
        }
        add(line.getStartingLineNumber(), line::getField);
      }
    } catch (CsvParseException e) {
      throw new InvalidWorkloadException(file + ": " + e.getMessage());
    } catch (UncheckedIOException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  private void readLines(Path path, boolean json) throws IOException {
    try (var reader = Files.newBufferedReader(path, StandardCharsets.UTF_8)) {
      var number = 0L;
      for (var line = reader.readLine(); line != null; line = reader.readLine()) {
        number++;
        if (line.isBlank()) {
          continue;
        }
        add(number, json ? object(number, line) : words(line));
      }
    }
  }

  private Function<String, @Nullable String> object(long number, String line)
      throws InvalidWorkloadException {
    try {
      var parsed = JsonLine.parse(line);
      if (parsed != null) {
        return key -> parsed.containsKey(key) ? String.valueOf(parsed.get(key)) : null;
      }
    } catch (JacksonException e) {
      throw InvalidWorkloadException.inLine(
          file, number, "is not a JSON object: " + e.getOriginalMessage());
    }
    throw InvalidWorkloadException.inLine(file, number, "is not a JSON object");
  }

  private static Function<String, @Nullable String> words(String line) {
    var words = new ArrayList<String>();
    var matcher = WORD.matcher(line);
    while (matcher.find()) {
      var quoted = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
      words.add(quoted == null ? matcher.group() : quoted);
    }
    return column -> {
      var index = column.matches("\\d{1,4}") ? Integer.parseInt(column) : 0;
      return index >= 1 && index <= words.size() ? words.get(index - 1) : null;
    };
  }

  private void add(long line, Function<String, @Nullable String> value)
      throws InvalidWorkloadException {
    var input = count(line, Field.INPUT, value);
    if (input < 0) {
      return;
    }
    var time = text(Field.TIME, value);
    var at = TraceTime.nanos(time);
    if (at.isEmpty()) {
      throw fault(line, Field.TIME, time, TraceTime.ALLOWED);
    }
    var tenant = text(Field.TENANT, value);
    var priority = text(Field.PRIORITY, value);
    if (!priority.matches("|[+-]?\\d{1,9}")) {
      throw fault(line, Field.PRIORITY, priority, "a whole number");
    }
    var output = count(line, Field.OUTPUT, value);
    rows.add(
        new TraceRow(
            at.get(),
            tenant,
            "",
            priority.isEmpty() ? TraceRow.NONE : Integer.parseInt(priority),
            text(Field.MODEL, value),
            "",
            input,
            0,
            output,
            -1,
            -1,
            -1,
            -1,
            List.of()));
  }

  /** The value of a field; empty if it has no column, or the line has none there. */
  private String text(Field field, Function<String, @Nullable String> value) {
    var text = columns.of(field).map(value).orElse("").strip();
    return text.equals("-") ? "" : text;
  }

  /** A number of tokens, or -1 if the line has none. */
  private long count(long line, Field field, Function<String, @Nullable String> value)
      throws InvalidWorkloadException {
    var text = text(field, value);
    if (text.isEmpty()) {
      return -1;
    }
    var number = text.matches("\\d{1,15}(\\.0+)?") ? (long) Double.parseDouble(text) : -1;
    if (number < 0 || number > TokenLengths.LONGEST) {
      throw fault(line, field, text, "0 to " + TokenLengths.LONGEST + " tokens");
    }
    return number;
  }

  private InvalidWorkloadException fault(long line, Field field, String got, String allowed) {
    return InvalidWorkloadException.inLine(
        file,
        line,
        columns.of(field).orElse("")
            + ": got "
            + (got.isEmpty() ? "nothing" : got)
            + ", allowed "
            + allowed);
  }
}
