package dev.sluice.server.config;

import dev.sluice.flowcontrol.reading.Durations;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Pattern;

/** Values with units in the configuration. */
final class Units {
  private static final Duration LONGEST = Duration.ofDays(36_500);
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
   * @throws IllegalArgumentException if the text is not a duration; the message says what is
   *     allowed
   */
  static Duration duration(String text) {
    if (text.contains(".")) { // as the schema says
      throw noDuration();
    }
    var duration = Durations.parse(text).orElseThrow(Units::noDuration);
    if (duration.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException("a duration of at most 100 years");
    }
    return duration;
  }

  private static IllegalArgumentException noDuration() {
    return new IllegalArgumentException("a duration such as 200ms, 30s or 1h30m");
  }

  /**
   * A whole number, with a unit if need be: {@code 5000}, {@code 1Gi}, {@code 10k}.
   *
   * @throws IllegalArgumentException if the text is not a number; the message says what is allowed
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
