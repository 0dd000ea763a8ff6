package dev.sluice.server.config;

import java.time.Duration;
import java.util.Map;
import java.util.regex.Pattern;

/** Values with units, as people write them. */
final class Units {
  private static final Pattern DURATION = Pattern.compile("(?:\\d{1,12}(?:ms|us|ns|s|m|h|d))+|0");
  private static final Pattern PART = Pattern.compile("(\\d{1,12})(ms|us|ns|s|m|h|d)");
  private static final Pattern QUANTITY = Pattern.compile("(\\d{1,18})(|k|M|G|T|Ki|Mi|Gi|Ti)");
  private static final Map<String, Long> FACTORS =
      Map.of(
          "", 1L,
          "k", 1_000L,
          "M", 1_000_000L,
          "G", 1_000_000_000L,
          "T", 1_000_000_000_000L,
          "Ki", 1L << 10,
          "Mi", 1L << 20,
          "Gi", 1L << 30,
          "Ti", 1L << 40);

  private Units() {}

  /**
   * A duration such as {@code 30s}, {@code 200ms}, {@code 1h30m} or {@code 0}.
   *
   * @throws IllegalArgumentException if it is none
   */
  static Duration duration(String text) {
    if (!DURATION.matcher(text).matches()) {
      throw new IllegalArgumentException("a duration such as 200ms, 30s or 1h30m");
    }
    var sum = Duration.ZERO;
    var parts = PART.matcher(text);
    while (parts.find()) {
      var amount = Long.parseLong(parts.group(1));
      sum =
          sum.plus(
              switch (parts.group(2)) {
                case "ns" -> Duration.ofNanos(amount);
                case "us" -> Duration.ofNanos(Math.multiplyExact(amount, 1_000L));
                case "ms" -> Duration.ofMillis(amount);
                case "s" -> Duration.ofSeconds(amount);
                case "m" -> Duration.ofMinutes(amount);
                case "h" -> Duration.ofHours(amount);
                default -> Duration.ofDays(amount);
              });
    }
    if (sum.compareTo(Duration.ofDays(36_500)) > 0) {
      throw new IllegalArgumentException("a duration of at most 100 years");
    }
    return sum;
  }

  /**
   * A whole number, with a unit if need be: {@code 5000}, {@code 1Gi}, {@code 10k}.
   *
   * @throws IllegalArgumentException if it is none
   */
  static long quantity(String text) {
    var matched = QUANTITY.matcher(text.replace("_", ""));
    if (!matched.matches()) {
      throw new IllegalArgumentException("a whole number >= 0, such as 5000, 500Mi or 1Gi");
    }
    try {
      var factor = FACTORS.getOrDefault(matched.group(2), 1L);
      return Math.multiplyExact(Long.parseLong(matched.group(1)), factor);
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("a number below 8Ei", e);
    }
  }
}
