package dev.sluice.simulation.report;

import com.google.errorprone.annotations.FormatMethod;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Values as people read them. A value that was not measured is a dash. */
final class Shown {
  static final String NOTHING = "–";

  /** The text for no difference. */
  static final Set<String> SAME = Set.of("=", "≈", NOTHING);

  private Shown() {}

  static String count(double value) {
    if (Double.isNaN(value)) {
      return NOTHING;
    }
    if (Math.abs(value) >= 10_000_000) {
      return format("%.1f M", value / 1e6);
    }
    return format("%,.0f", value);
  }

  static String millis(double millis) {
    if (Double.isNaN(millis)) {
      return NOTHING;
    }
    if (millis == 0) {
      return "0";
    }
    if (millis < 9.95) {
      return format("%.1f ms", millis);
    }
    if (millis < 999.5) {
      return format("%.0f ms", millis);
    }
    if (millis < 99_950) {
      return format("%.1f s", millis / 1_000);
    }
    return format("%.1f min", millis / 60_000);
  }

  /** A round number of milliseconds, written as {@link #millis} writes it. */
  static String roundMillis(double millis) {
    return millis(millis).replaceFirst("\\.0(?= )", "");
  }

  static String percent(double part) {
    return Double.isNaN(part) ? NOTHING : format("%.1f %%", part * 100);
  }

  static String ratio(double value) {
    return Double.isNaN(value) ? NOTHING : format("%.4f", value);
  }

  /** The difference of a count or time from another, relative to that one. */
  static String relative(double value, double base) {
    if (Double.isNaN(value) || Double.isNaN(base) || value == base) {
      return Double.isNaN(value) || Double.isNaN(base) ? NOTHING : "=";
    }
    if (base == 0) {
      return value > 0 ? "new" : "gone";
    }
    var change = value / base;
    if (change >= 10) {
      return format("×%.0f", change);
    }
    return signed(change - 1, " %");
  }

  /** The difference of two parts of a whole, in percentage points. */
  static String points(double value, double base) {
    if (Double.isNaN(value) || Double.isNaN(base)) {
      return NOTHING;
    }
    return value == base ? "=" : signed(value - base, " pp");
  }

  private static String signed(double part, String unit) {
    var text = format("%+.1f", part * 100).replace('-', '−');
    return text.equals("+0.0") || text.equals("−0.0") ? "≈" : text + unit;
  }

  static String causes(Map<String, Long> refused) {
    return new TreeMap<>(refused)
        .entrySet().stream()
            .map(entry -> entry.getKey() + " " + count(entry.getValue()))
            .collect(Collectors.joining(", "));
  }

  /** {@code m:ss}, or {@code h:mm:ss} from an hour on. */
  static String clock(double seconds) {
    var s = Math.round(seconds);
    return s < 3_600
        ? format("%d:%02d", s / 60, s % 60)
        : format("%d:%02d:%02d", s / 3_600, s / 60 % 60, s % 60);
  }

  @FormatMethod
  static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
