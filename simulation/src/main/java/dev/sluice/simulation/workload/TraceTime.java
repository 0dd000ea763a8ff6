package dev.sluice.simulation.workload;

import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.Locale;
import java.util.Optional;

/** Times as traces and logs write them, as nanoseconds from an origin of their own. */
final class TraceTime {
  /** For messages. */
  static final String ALLOWED =
      "seconds such as 12.5, a Unix time, 2026-01-31T12:00:00.250Z, 2026-01-31 12:00:00 or"
          + " 31/Jan/2026:12:00:00 +0000";

  private static final DateTimeFormatter DATED =
      new DateTimeFormatterBuilder()
          .append(DateTimeFormatter.ISO_LOCAL_DATE)
          .appendPattern("['T'][' ']HH:mm:ss")
          .optionalStart()
          .appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true)
          .optionalEnd()
          .appendPattern("[XXX][XX][X]")
          .parseDefaulting(ChronoField.OFFSET_SECONDS, 0)
          .toFormatter(Locale.ROOT);
  private static final DateTimeFormatter OF_ACCESS_LOGS =
      DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss Z", Locale.ENGLISH);

  /** Numbers from here on are milliseconds, microseconds or nanoseconds since 1970. */
  private static final BigDecimal LEAST_MILLIS = BigDecimal.valueOf(100_000_000_000L);

  private static final BigDecimal LEAST_MICROS = LEAST_MILLIS.movePointRight(3);
  private static final BigDecimal LEAST_NANOS = LEAST_MICROS.movePointRight(3);

  private TraceTime() {}

  /** Nanoseconds of a time in any of the allowed forms; empty if it has none of them. */
  static Optional<Long> nanos(String text) {
    try {
      return Optional.of(text.matches("\\d+(\\.\\d+)?([eE]\\d+)?") ? number(text) : dated(text));
    } catch (ArithmeticException | DateTimeException | NumberFormatException e) {
      return Optional.empty();
    }
  }

  /** Nanoseconds of a number of seconds, to the last digit; empty if it is none. */
  static Optional<Long> ofSeconds(String text) {
    try {
      var nanos = new BigDecimal(text.strip()).movePointRight(9).toBigInteger().longValueExact();
      return nanos < 0 ? Optional.empty() : Optional.of(nanos);
    } catch (ArithmeticException | NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static long number(String text) {
    var number = new BigDecimal(text);
    var digits =
        number.compareTo(LEAST_MILLIS) < 0
            ? 9
            : number.compareTo(LEAST_MICROS) < 0 ? 6 : number.compareTo(LEAST_NANOS) < 0 ? 3 : 0;
    return number.movePointRight(digits).toBigInteger().longValueExact();
  }

  private static long dated(String text) {
    if (text.length() > 2 && text.charAt(2) == '/') {
      return RequestLog.nanos(OffsetDateTime.parse(text, OF_ACCESS_LOGS).toInstant());
    }
    return RequestLog.nanos(Instant.from(DATED.parse(text)));
  }
}
