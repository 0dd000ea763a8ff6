package dev.sluice.endpoints.metrics;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The same format read by regular expressions; shares no code with the reader. */
final class NaiveExposition {
  private static final String QUOTED = "\"(?:[^\"\\\\]|\\\\.)*+\"";
  private static final String LABEL =
      "(?:[a-zA-Z_][a-zA-Z0-9_]*|" + QUOTED + ")[ \\t]*=[ \\t]*" + QUOTED;
  private static final String LABELS =
      "(?:[ \\t]*" + LABEL + "[ \\t]*(?:,[ \\t]*" + LABEL + "[ \\t]*)*,?)?[ \\t]*";
  private static final String NUMBER =
      "[+-]?(?:(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?|(?i:inf|infinity|nan))";
  private static final String REST =
      "[ \\t]*(?<value>"
          + NUMBER
          + ")(?:[ \\t]+"
          + NUMBER
          + ")?"
          + "(?:[ \\t]+#[ \\t]*\\{(?<exemplar>"
          + LABELS
          + ")\\}[ \\t]*"
          + NUMBER
          + "(?:[ \\t]+"
          + NUMBER
          + ")?)?[ \\t]*";
  private static final Pattern BARE =
      Pattern.compile(
          "(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:[ \\t]*\\{(?<labels>"
              + LABELS
              + ")\\}|(?=[ \\t]))"
              + REST,
          Pattern.DOTALL);
  private static final String BRACED =
      "\\{[ \\t]*(?<name>" + QUOTED + ")[ \\t]*(?:,(?<labels>" + LABELS + "))?\\}";
  private static final Pattern QUOTED_NAME = Pattern.compile(BRACED + REST, Pattern.DOTALL);
  private static final Pattern QUOTED_START = Pattern.compile(BRACED, Pattern.DOTALL);
  private static final Pattern NAME = Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(?=[ \\t{]|\\z)");
  private static final Pattern ONE_LABEL =
      Pattern.compile(
          "([a-zA-Z_][a-zA-Z0-9_]*|" + QUOTED + ")[ \\t]*=[ \\t]*(" + QUOTED + ")", Pattern.DOTALL);

  final List<Sample> samples = new ArrayList<>();
  int brokenLines;

  NaiveExposition(byte[] page, Set<String> wanted) {
    for (var raw : new String(page, ISO_8859_1).split("\n", -1)) {
      var line = raw.endsWith("\r") ? raw.substring(0, raw.length() - 1) : raw;
      var start = 0;
      while (start < line.length() && (line.charAt(start) == ' ' || line.charAt(start) == '\t')) {
        start++;
      }
      line = line.substring(start);
      if (!line.isEmpty() && line.charAt(0) != '#' && !read(line, wanted)) {
        brokenLines++;
      }
    }
  }

  private boolean read(String line, Set<String> wanted) {
    var quoted = line.charAt(0) == '{';
    if (quoted) {
      var start = QUOTED_START.matcher(line);
      if (!start.lookingAt()
          || unquote(start.group("name")).isEmpty()
          || !addLabels(start.group("labels"), new HashMap<>())) {
        return false;
      }
      if (!wanted.contains(unquote(start.group("name")))) {
        return true;
      }
    } else {
      var name = NAME.matcher(line);
      if (!name.lookingAt()) {
        return false;
      }
      if (!wanted.contains(name.group(1))) {
        return true;
      }
    }
    var whole = (quoted ? QUOTED_NAME : BARE).matcher(line);
    if (!whole.matches()) {
      return false;
    }
    var labels = new HashMap<String, String>();
    if (!addLabels(whole.group("labels"), labels)
        || !addLabels(whole.group("exemplar"), new HashMap<>())) {
      return false;
    }
    var name = quoted ? unquote(whole.group("name")) : whole.group("name");
    samples.add(new Sample(name, labels, number(whole.group("value"))));
    return true;
  }

  private static boolean addLabels(@Nullable String text, Map<String, String> labels) {
    if (text == null) {
      return true;
    }
    var each = ONE_LABEL.matcher(text);
    while (each.find()) {
      var name = each.group(1).startsWith("\"") ? unquote(each.group(1)) : each.group(1);
      if (name.isEmpty() || labels.put(name, unquote(each.group(2))) != null) {
        return false;
      }
    }
    return true;
  }

  private static String unquote(String quoted) {
    var text = quoted.substring(1, quoted.length() - 1);
    var out = new StringBuilder();
    for (var i = 0; i < text.length(); i++) {
      var c = text.charAt(i);
      if (c == '\\') {
        var next = text.charAt(++i);
        out.append(next == 'n' ? "\n" : next == '"' || next == '\\' ? "" + next : "\\" + next);
      } else {
        out.append(c);
      }
    }
    return new String(out.toString().getBytes(ISO_8859_1), UTF_8);
  }

  private static double number(String text) {
    var lower = text.toLowerCase(Locale.ROOT);
    if (lower.contains("nan")) {
      return Double.NaN;
    }
    if (lower.contains("inf")) {
      return lower.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }
    return Double.parseDouble(text);
  }
}
