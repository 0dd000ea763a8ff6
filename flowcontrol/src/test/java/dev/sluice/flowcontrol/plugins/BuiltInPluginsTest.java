package dev.sluice.flowcontrol.plugins;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.framework.PluginType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The README's table of plugins and the table that makes them agree. */
final class BuiltInPluginsTest {
  private static final Path README =
      Path.of("src/main/java/dev/sluice/flowcontrol/plugins/README.md");
  private static final Pattern CODE = Pattern.compile("`([^`]+)`");

  /** A row of either table. The package is that of the class. */
  private record Row(String packageName, String type, List<String> aliases, String className) {}

  @Test
  void theReadmeListsEveryTypeWithAliasesAndClass() throws IOException {
    var made = new BuiltInPlugins().types().stream().map(BuiltInPluginsTest::row).toList();

    assertThat(rowsOfTheReadme()).containsExactlyInAnyOrderElementsOf(made);
  }

  private static Row row(PluginType<?> type) {
    var plugin = type.create(type.defaults()).getClass();
    var packageName = plugin.getPackageName();
    return new Row(
        packageName.substring(packageName.lastIndexOf('.') + 1),
        type.name(),
        type.aliases(),
        plugin.getSimpleName());
  }

  private static List<Row> rowsOfTheReadme() throws IOException {
    var rows = new ArrayList<Row>();
    var packageName = "";
    for (var line : Files.readAllLines(README)) {
      var cells = line.split("\\|", -1);
      if (cells.length < 6 || !line.contains("`")) {
        continue;
      }
      packageName = code(cells[1]).stream().findFirst().orElse(packageName);
      rows.add(new Row(packageName, code(cells[2]).get(0), code(cells[3]), code(cells[4]).get(0)));
    }
    return rows;
  }

  private static List<String> code(String cell) {
    return CODE.matcher(cell).results().map(found -> found.group(1)).toList();
  }
}
