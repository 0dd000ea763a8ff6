package dev.sluice.server;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Seeds as a command's option names them: {@code 7}, {@code 100-119}, {@code new:20} for so many
 * that are drawn now, and lists of these.
 */
final class Seeds {
  private static final int MOST = 10_000;
  private static final int DRAWN_BELOW = 1_000_000_000;
  private static final String NEW = "new:";

  private Seeds() {}

  /** The seeds that a text names, each once and in its order. */
  static List<Long> parse(String text, RandomGenerator random) {
    var seeds = new LinkedHashSet<Long>();
    for (var part : text.split(",", -1)) {
      if (part.startsWith(NEW)) {
        var wanted = seeds.size() + number(text, part.substring(NEW.length()));
        check(text, wanted <= MOST);
        while (seeds.size() < wanted) {
          seeds.add((long) random.nextInt(DRAWN_BELOW));
        }
      } else {
        var dash = part.indexOf('-');
        var first = number(text, dash < 0 ? part : part.substring(0, dash));
        var last = dash < 0 ? first : number(text, part.substring(dash + 1));
        check(text, first <= last && last - first < MOST);
        for (var seed = first; seed <= last; seed++) {
          seeds.add(seed);
        }
      }
    }
    return List.copyOf(seeds);
  }

  /** The shortest text that names these seeds. */
  static String format(List<Long> seeds) {
    var parts = new ArrayList<String>();
    for (var i = 0; i < seeds.size(); ) {
      var end = i + 1;
      while (end < seeds.size() && seeds.get(end) == seeds.get(end - 1) + 1) {
        end++;
      }
      var last = seeds.get(end - 1);
      parts.add(end == i + 1 ? last.toString() : seeds.get(i) + "-" + last);
      i = end;
    }
    return String.join(",", parts);
  }

  private static long number(String text, String digits) {
    check(text, !digits.isEmpty() && digits.length() <= 18);
    check(text, digits.chars().allMatch(c -> c >= '0' && c <= '9'));
    return Long.parseLong(digits);
  }

  private static void check(String text, boolean holds) {
    if (!holds) {
      throw new IllegalArgumentException(
          "got \"" + text + "\", allowed are lists such as 7,100-119,new:20, at most " + MOST);
    }
  }
}
