package dev.sluice.server.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * The Javadoc of a section or of a plugin's parameters, read from its source.
 *
 * @param text the description of the section
 * @param components the meaning of each key, by name
 */
record SectionDocs(String text, Map<String, String> components) {
  private static final Path SECTIONS = Path.of("src/main/java");
  private static final Path PLUGINS = Path.of("../flowcontrol/src/main/java");

  /** Reads the source of a record of this module, which is the working directory. */
  static SectionDocs of(Class<?> section) throws IOException {
    return of(section, SECTIONS);
  }

  /** Reads the source of a built-in plugin's record of parameters. */
  static SectionDocs ofPlugin(Class<? extends Record> parameters) throws IOException {
    return of(parameters, PLUGINS);
  }

  private static SectionDocs of(Class<?> section, Path sources) throws IOException {
    var file = section.getNestHost().getName().replace('.', '/') + ".java";
    var source = Files.readString(sources.resolve(file));
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
      components.put(words[0], words.length < 2 ? "" : plain(words[1]));
    }
    return new SectionDocs(plain(parts[0]), components);
  }

  /** The meaning of a key. */
  String of(String component) {
    return Objects.requireNonNull(components.get(component), component + " has no Javadoc");
  }

  private static String plain(String javadoc) {
    return Pattern.compile("\\{@(?:code|link) #?([^}]*)}")
        .matcher(javadoc)
        .replaceAll("`$1`")
        .strip();
  }
}
