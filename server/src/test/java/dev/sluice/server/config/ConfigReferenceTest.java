package dev.sluice.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.sluice.flowcontrol.framework.PluginCatalog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The reference and the schema agree with the records. */
class ConfigReferenceTest {
  private static final Path DOCS = Path.of("../docs");

  @Test
  void theReferenceIsUpToDate() throws IOException {
    isUpToDate(DOCS.resolve("configuration.md"), ConfigReference.markdown(PluginCatalog.builtIn()));
  }

  @Test
  void theSchemaIsUpToDate() throws IOException {
    isUpToDate(DOCS.resolve("sluice.schema.json"), ConfigSchema.json());
  }

  @Test
  void everyPluginParameterHasASentence() throws IOException {
    var catalog = PluginCatalog.builtIn();
    var missing = new ArrayList<String>();
    for (var kind : catalog.kinds()) {
      for (var type : catalog.types(kind)) {
        for (var parameter : catalog.parameters(kind, type)) {
          var record = catalog.plugin(kind, type).parameters().getClass();
          var meaning = SectionDocs.ofPlugin(record).components().get(parameter.name());
          if (meaning == null || meaning.split(" ").length < 5) {
            missing.add(record.getName() + "." + parameter.name() + ": " + meaning);
          }
        }
      }
    }

    assertThat(missing).as("parameters without a sentence in their Javadoc").isEmpty();
  }

  /** Keys that the schema calls required are required. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{}|pool.endpoints: is missing",
        "pool: {}|pool.endpoints: is missing",
        "pool: {endpoints: []}|pool.endpoints: got none, allowed at least one",
        "pool: {endpoints: [{id: a}]}|pool.endpoints[0].url: is missing",
        "plugins: [{name: a}]|plugins[0].type: is missing",
        "tenants: [{weight: 2}]|tenants[0].id: is missing",
        "flowControl: {priorityBands: [{ttl: 1s}]}|flowControl.priorityBands[0].priority: is missing",
      })
  void namesARequiredKeyThatIsMissing(String yaml, String fault) {
    var loader = new ConfigLoader(PluginCatalog.builtIn(), Map.<String, String>of()::get);

    assertThat(catchThrowable(() -> loader.load(yaml, "f")))
        .isInstanceOf(InvalidConfigException.class)
        .hasMessageContaining(fault);
  }

  private static void isUpToDate(Path file, String expected) throws IOException {
    if (Boolean.getBoolean("sluice.docs.write")) {
      Files.writeString(file, expected);
    }
    assertThat(file)
        .as("%s, which -Dsluice.docs.write=true brings up to date", file)
        .exists()
        .content()
        .isEqualTo(expected);
  }
}
