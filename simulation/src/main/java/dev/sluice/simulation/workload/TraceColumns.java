package dev.sluice.simulation.workload;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The columns of a log that has no known format, such as {@code time=ts,tenant=user,input=in}.
 * Immutable.
 *
 * @param names the column of each field: a name in a CSV header, a key of JSON, or a number from 1
 *     in a line of words
 */
public record TraceColumns(Map<Field, String> names) {

  /** The formats that are recognised without a map. */
  public static final TraceColumns NONE = new TraceColumns(Map.of());

  /** A field of a request. */
  public enum Field {
    TIME,
    TENANT,
    MODEL,
    PRIORITY,
    INPUT,
    OUTPUT;

    private String key() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public TraceColumns {
    names = Map.copyOf(names);
  }

  /**
   * Reads {@code field=column,field=column}.
   *
   * @throws IllegalArgumentException with what was given and what is allowed
   */
  public static TraceColumns parse(String text) {
    var names = new EnumMap<Field, String>(Field.class);
    for (var part : text.split(",", -1)) {
      var at = part.indexOf('=');
      var key = at < 0 ? part : part.substring(0, at);
      var field = Stream.of(Field.values()).filter(f -> f.key().equals(key.strip())).findFirst();
      if (at < 0 || at == part.length() - 1 || field.isEmpty()) {
        throw new IllegalArgumentException(
            "columns: got " + part + ", allowed FIELD=COLUMN with a FIELD of " + keys());
      }
      if (names.put(field.get(), part.substring(at + 1).strip()) != null) {
        throw new IllegalArgumentException("columns: " + key + " is listed twice");
      }
    }
    for (var needed : new Field[] {Field.TIME, Field.INPUT}) {
      if (!names.containsKey(needed)) {
        throw new IllegalArgumentException("columns: " + needed.key() + " is missing in " + text);
      }
    }
    return new TraceColumns(names);
  }

  private static String keys() {
    return Stream.of(Field.values()).map(Field::key).collect(Collectors.joining(", "));
  }

  /** Whether no column is named, so the format has to be a known one. */
  public boolean isNone() {
    return names.isEmpty();
  }

  Optional<String> of(Field field) {
    return Optional.ofNullable(names.get(field));
  }
}
