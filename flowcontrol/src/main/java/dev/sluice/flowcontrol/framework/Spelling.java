package dev.sluice.flowcontrol.framework;

import java.util.Collection;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Finds what somebody probably meant. */
final class Spelling {

  private Spelling() {}

  /** The rest of a sentence about an unknown name: the nearest valid one, and all of them. */
  static String hint(String given, Collection<String> valid) {
    if (valid.isEmpty()) {
      return "; none is known";
    }
    var nearest = nearest(given, valid);
    var all = String.join(", ", valid.stream().sorted().toList());
    return (nearest == null ? "" : "; did you mean " + nearest + "?") + "; known: " + all;
  }

  private static @Nullable String nearest(String given, Collection<String> valid) {
    var bestDistance = Math.max(2, given.length() / 3) + 1;
    String best = null;
    for (var candidate : valid.stream().sorted().toList()) {
      if (given.length() >= 4 && candidate.startsWith(given)) {
        return candidate;
      }
      var distance = distance(given.toLowerCase(Locale.ROOT), candidate.toLowerCase(Locale.ROOT));
      if (distance < bestDistance) {
        bestDistance = distance;
        best = candidate;
      }
    }
    return best;
  }

  /** Insertions, deletions and replacements that turn one into the other (Levenshtein). */
  static int distance(String a, String b) {
    var row = new int[b.length() + 1];
    for (var j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (var i = 1; i <= a.length(); i++) {
      var diagonal = row[0];
      row[0] = i;
      for (var j = 1; j <= b.length(); j++) {
        var above = row[j];
        var replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(replaced, Math.min(above, row[j - 1]) + 1);
        diagonal = above;
      }
    }
    return row[b.length()];
  }
}
