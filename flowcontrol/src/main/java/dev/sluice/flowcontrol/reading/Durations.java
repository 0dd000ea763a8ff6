package dev.sluice.flowcontrol.reading;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;

/** Durations as people write them: {@code 200ms}, {@code 1.5s}, {@code 1h30m}, {@code 0}. */
public final class Durations {
  private static final Pattern PART =
      Pattern.compile("(\\d{1,18}(?:\\.\\d{1,9})?)(ns|us|ms|s|m|h|d)");

  private Durations() {}

  /**
   * The sum of the parts of a text, each a number with {@code ns}, {@code us}, {@code ms}, {@code
   * s}, {@code m}, {@code h} or {@code d}, or zero for {@code 0}. Any other text gives an empty
   * result. Parts of nanoseconds are rounded; the longest parts exceed 292 years, so callers check
   * their own limit.
   */
  public static Optional<Duration> parse(String text) {
    if (text.equals("0")) {
      return Optional.of(Duration.ZERO);
    }
    var part = PART.matcher(text);
    var nanos = BigDecimal.ZERO;
    var end = 0;
    while (end < text.length() && part.find(end) && part.start() == end) {
      nanos = nanos.add(new BigDecimal(part.group(1)).multiply(nanosOf(part.group(2))));
      end = part.end();
    }
    if (end == 0 || end < text.length()) {
      return Optional.empty();
    }
    return duration(nanos.setScale(0, RoundingMode.HALF_UP));
  }

  private static Optional<Duration> duration(BigDecimal nanos) {
    var parts = nanos.divideAndRemainder(BigDecimal.valueOf(1_000_000_000L));
    try {
      return Optional.of(Duration.ofSeconds(parts[0].longValueExact(), parts[1].longValueExact()));
    } catch (ArithmeticException tooLong) {
      return Optional.of(Duration.ofSeconds(Long.MAX_VALUE));
    }
  }

  private static BigDecimal nanosOf(String unit) {
    return BigDecimal.valueOf(
        switch (unit) {
          case "ns" -> 1L;
          case "us" -> 1_000L;
          case "ms" -> 1_000_000L;
          case "s" -> 1_000_000_000L;
          case "m" -> 60_000_000_000L;
          case "h" -> 3_600_000_000_000L;
          default -> 86_400_000_000_000L;
        });
  }
}
