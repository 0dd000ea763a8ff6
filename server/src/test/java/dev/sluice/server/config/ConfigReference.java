package dev.sluice.server.config;

import dev.sluice.flowcontrol.framework.PluginCatalog;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Writes the reference of the configuration from its records, their defaults and their Javadoc. */
final class ConfigReference {
  private static final String HEAD =
      """
      # Configuration

      <!-- Generated from the records of dev.sluice.server.config: change their Javadoc and run
           mvn -pl server -am test -Dtest=ConfigReferenceTest -Dsluice.docs.write=true -Dsurefire.failIfNoSpecifiedTests=false -->

      One YAML file: `./sluice serve sluice.yaml` runs with it, `./sluice check sluice.yaml` says what is wrong with it.
      Only `pool.endpoints` is required:

      ```yaml
      pool:
        endpoints: [{url: "http://127.0.0.1:8000"}, {url: "http://127.0.0.1:8001"}]
      ```

      [sluice.schema.json](sluice.schema.json) is its JSON schema, for editors that complete and check YAML.

      * **Strict.** An unknown key, one that is listed twice, or a value outside its range is an error, and all errors are reported at once:
        `sluice.yaml:14:9: tenants[1].weight: got -1.0, allowed > 0`.
      * **Durations** have units and may be put together: `200ms`, `30s`, `1h30m`; units are `ns`, `us`, `ms`, `s`, `m`, `h`, `d`.
      * **Quantities** are whole numbers that may have one: `k`, `M`, `G`, `T` (powers of 1000), `Ki`, `Mi`, `Gi`, `Ti` (powers of 1024).
      * **Environment variables** are put in where a value says `${KEY}` or `${KEY:-default}`; one that is not set and has no default is an error.
      * **Plugins.** A key that ends in `Ref` names an entry of `plugins` or a plugin type, or holds `{type: ..., parameters: {...}}`.
        Types and their parameters are [below](#plugin-types); a type may have other names, upstream's among them.
      * **Bands.** `defaultPriorityBand` and `defaultNegativePriorityBand` have the keys of `priorityBands[]`.
      """;

  private final StringBuilder page = new StringBuilder(HEAD);

  private ConfigReference() {}

  /** The page, in Markdown. */
  static String markdown(PluginCatalog catalog) throws IOException {
    var reference = new ConfigReference();
    for (var key : Key.of("", SluiceConfig.class)) {
      reference.section(key);
    }
    reference.plugins(catalog);
    return reference.page.toString();
  }

  private void section(Key section) throws IOException {
    page.append("\n## ").append(section.inside()).append("\n\n");
    var text = SectionDocs.of(section.type()).text();
    page.append(sentence(text.substring(text.indexOf(": ") + 2))).append("\n\n");
    table("key", "holds", "default", "meaning");
    var keys = Key.of(section.inside(), section.type());
    for (var key : keys) {
      row(
          "`" + key.name() + "`",
          key.kind().words,
          key.required() ? "**required**" : preset(key),
          sentence(key.meaning()));
    }
    for (var key : keys) {
      var isSection = key.kind() == Key.Kind.SECTION || key.kind() == Key.Kind.SECTIONS;
      if (isSection && key.type() != BandSection.class || key.kind() == Key.Kind.SECTIONS) {
        section(key);
      }
    }
  }

  private void plugins(PluginCatalog catalog) throws IOException {
    page.append("\n## Plugin types\n");
    for (var kind : catalog.kinds()) {
      page.append("\n### ").append(kind.getSimpleName()).append("\n\n");
      table("type", "other names", "parameter", "holds", "default", "meaning");
      for (var type : catalog.types(kind)) {
        var name = "`" + type + "`";
        var aliases =
            catalog.aliases(kind, type).stream()
                .map(alias -> "`" + alias + "`")
                .collect(Collectors.joining(", "));
        var parameters = catalog.parameters(kind, type);
        if (parameters.isEmpty()) {
          row(name, aliases, "", "", "", "");
          continue;
        }
        var docs = SectionDocs.ofPlugin(catalog.plugin(kind, type).parameters().getClass());
        for (var parameter : parameters) {
          row(
              name,
              aliases,
              "`" + parameter.name() + "`",
              parameter.type(),
              literal(parameter.defaultValue()),
              sentence(docs.of(parameter.name())));
          aliases = "";
        }
      }
    }
  }

  private void table(String... titles) {
    row(titles);
    page.append("| --- ".repeat(titles.length)).append("|\n");
  }

  private void row(String... cells) {
    for (var cell : cells) {
      page.append("| ").append(cell.replace("|", "\\|")).append(cell.isEmpty() ? "" : " ");
    }
    page.append("|\n");
  }

  private static String sentence(String text) {
    var first = Character.toUpperCase(text.charAt(0)) + text.substring(1);
    return first.endsWith(".") ? first : first + ".";
  }

  private static String preset(Key key) {
    var value = key.preset();
    if (value == null) {
      return "unset";
    }
    if (key.path().equals("plugins[].name")) {
      return "its type"; // computed by the record
    }
    return switch (key.kind()) {
      case SECTION -> "see below";
      case QUANTITY -> "`" + quantity(((Number) value).longValue()) + "`";
      case PLUGIN -> "`" + ((PluginRef) value).name() + "`";
      case SECTIONS, TEXTS -> ((Collection<?>) value).isEmpty() ? "none" : texts(value);
      case NUMBERS_BY_NAME, TEXTS_BY_NAME, VALUES_BY_NAME ->
          ((Map<?, ?>) value).isEmpty() ? "none" : texts(value);
      case WHOLE_NUMBER, NUMBER, SWITCH, TEXT, DURATION -> literal(value);
    };
  }

  private static String texts(Object value) {
    return "`" + value + "`";
  }

  /** A value as it is written in the file. */
  private static String literal(Object value) {
    if (value.equals("")) {
      return "empty";
    }
    var text =
        switch (value) {
          case Duration duration -> duration(duration);
          case Enum<?> choice -> choice.name().toLowerCase(Locale.ROOT);
          default -> value.toString();
        };
    return "`" + text + "`";
  }

  private static String duration(Duration duration) {
    if (duration.toMillis() < 1_000 && !duration.isZero()) {
      return duration.toMillis() + "ms";
    }
    var text = duration.toString().substring(2).toLowerCase(Locale.ROOT);
    return duration.isZero() ? "0s" : text;
  }

  private static String quantity(long value) {
    if (value > 0 && value % 1_000_000_000 == 0) {
      return value / 1_000_000_000 + "G";
    }
    var units = new String[] {"Ti", "Gi", "Mi", "Ki"};
    var factor = 1L << 40;
    for (var unit : units) {
      if (value >= factor && value % factor == 0) {
        return value / factor + unit;
      }
      factor >>= 10;
    }
    return String.valueOf(value);
  }
}
