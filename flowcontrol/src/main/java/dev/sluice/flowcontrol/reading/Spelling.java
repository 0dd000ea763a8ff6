package dev.sluice.flowcontrol.reading;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Finds the known name that somebody probably meant, and words the suggestion. */
public final class Spelling {
  private static final int SHORTEST_PREFIX = 4;

  private Spelling() {}

  /**
   * The known name nearest to a given one, without regard to case: at most a third of its letters
   * away, or two. The first of several at the same distance.
   */
  public static Optional<String> nearest(String given, Collection<String> known) {
    var least = Math.max(2, given.length() / 3) + 1;
    Optional<String> best = Optional.empty();
    for (var candidate : known) {
      var distance = distance(given.toLowerCase(Locale.ROOT), candidate.toLowerCase(Locale.ROOT));
      if (distance < least) {
        least = distance;
        best = Optional.of(candidate);
      }
    }
    return best;
  }

  /** {@code did you mean port? }, or nothing if no known name is near. */
  public static String question(String given, Collection<String> known) {
    return nearest(given, known).map(name -> "did you mean " + name + "? ").orElse("");
  }

  /** A fault of a mapping: {@code unknown key; did you mean port? allowed: host, port}. */
  public static String unknownKey(String given, Collection<String> known) {
    return "unknown key; " + question(given, known) + "allowed: " + String.join(", ", known);
  }

  /**
   * The rest of a sentence about an unknown name: {@code ; did you mean fcfs?; known: edf, fcfs}. A
   * known name that begins with the given one comes before one that is near.
   */
  public static String hint(String given, Collection<String> known) {
    if (known.isEmpty()) {
      return "; none is known";
    }
    var sorted = known.stream().sorted().toList();
    var meant = longer(given, sorted).or(() -> nearest(given, sorted));
    return meant.map(name -> "; did you mean " + name + "?").orElse("")
        + "; known: "
        + String.join(", ", sorted);
  }

  private static Optional<String> longer(String given, List<String> sorted) {
    return given.length() < SHORTEST_PREFIX
        ? Optional.empty()
        : sorted.stream().filter(name -> name.startsWith(given)).findFirst();
  }

  /**
   * Insertions, deletions and replacements that turn one text into the other (Levenshtein).
   * O(length^2).
   */
  static int distance(String a, String b) {
    var row = new int[b.length() + 1];
    for (var j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (var i = 1; i <= a.length(); i++) {
      var diagonal = row[0];
      row[0] = i;
      for (var j = 1; j <= b.length(); j++) {
        var replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
