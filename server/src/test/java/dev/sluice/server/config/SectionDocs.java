package dev.sluice.server.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * The Javadoc of a section, read from its source.
 *
 * @param text the description of the section
 * @param components the meaning of each key, by name
 */
record SectionDocs(String text, Map<String, String> components) {
  private static final Path SOURCES = Path.of("src/main/java/dev/sluice/server/config");

  /** Reads the source of a record of this module, which is the working directory. */
  static SectionDocs of(Class<?> section) throws IOException {
    var source = Files.readString(SOURCES.resolve(section.getSimpleName() + ".java"));
    var end = source.indexOf("public record " + section.getSimpleName());
    var start = source.lastIndexOf("/**", end);
    var comment =
        source
            .substring(start + 3, source.indexOf("*/", start))
            .replaceAll("(?m)^\\s*\\* ?", "")
            .replaceAll("\\s+", " ");
    var parts = comment.split("@param ", -1);
    var components = new LinkedHashMap<String, String>();
    for (var i = 1; i < parts.length; i++) {
      var words = parts[i].strip().split(" ", 2);
      components.put(words[0], plain(words[1]));
    }
    return new SectionDocs(plain(parts[0]), components);
  }

  /** The meaning of a key. */
  String of(String component) {
    return Objects.requireNonNull(components.get(component), component + " has no Javadoc");
  }

  private static String plain(String javadoc) {
    return Pattern.compile("\\{@(?:code|link) ([^}]*)}")
        .matcher(javadoc)
        .replaceAll("`$1`")
        .strip();
  }
}
