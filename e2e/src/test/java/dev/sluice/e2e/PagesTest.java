package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.server.SluiceCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** Checks the pages of the repository: their links, and the commands and modules that they name. */
final class PagesTest {
  private static final Pattern LINK = Pattern.compile("]\\(([^)\\s]+)\\)");
  private static final Pattern MODULE = Pattern.compile("`([^`]+)`");
  private static final Set<String> NOT_OURS =
      Set.of("target", "node_modules", ".git", ".build", ".venv");

  static List<Path> pages() throws IOException {
    try (var files = Files.walk(Repository.ROOT)) {
      return files
          .filter(file -> file.toString().endsWith(".md"))
          .filter(file ->
              StreamSupport.stream(Repository.ROOT.relativize(file).spliterator(), false)
                  .noneMatch(part -> NOT_OURS.contains(part.toString())))
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("pages")
  void everyLinkLeadsSomewhere(Path page) {
    var broken = new ArrayList<String>();
    var links = LINK.matcher(Repository.read(page));
    while (links.find()) {
      var link = links.group(1);
      if (link.contains("://") || link.startsWith("mailto:")) {
        continue;
      }
      var parts = List.of(link.split("#", 2));
      var target = parts.getFirst().isEmpty() ? page : page.resolveSibling(parts.getFirst());
      if (!Files.exists(target)) {
        broken.add(link);
      } else if (parts.size() == 2 && !anchors(target).contains(parts.getLast())) {
        broken.add(link);
      }
    }

    assertThat(broken).isEmpty();
  }

  @Test
  void theReadmeNamesTheTwoCommands() {
    assertThat(Repository.read(Repository.ROOT.resolve("README.md")))
        .containsPattern("(?m)^\\./sluice demo\\b")
        .containsPattern("(?m)^mvn verify\\b");
  }

  @Test
  void theReadmeLeadsToEveryPageOfTheDocumentation() throws IOException {
    var readme = Repository.read(Repository.ROOT.resolve("README.md"));

    assertThat(pages().stream().map(page -> Repository.ROOT.relativize(page).toString()))
        .filteredOn(page -> page.startsWith("docs/"))
        .isNotEmpty()
        .allSatisfy(page -> assertThat(readme).contains("](" + page + ")"));
  }

  @Test
  void theGuideForContributorsNamesEveryModule() {
    var guide = Repository.read(Repository.ROOT.resolve("CONTRIBUTING.md"));
    var named =
        guide
            .lines()
            .dropWhile(line -> !line.startsWith("| module |"))
            .skip(2)
            .takeWhile(line -> line.startsWith("|"))
            .flatMap(line -> MODULE.matcher(line.split("\\|", 3)[1]).results())
            .map(name -> name.group(1));

    assertThat(named)
        .containsExactlyInAnyOrderElementsOf(
            Repository.modules().stream().map(module -> module.getFileName().toString()).toList());
  }

  @Test
  void theReadmesConfigurationIsGood(@TempDir Path folder) throws IOException {
    var readme = Repository.read(Repository.ROOT.resolve("README.md"));
    var from = readme.indexOf("```yaml\n") + "```yaml\n".length();
    var configuration = folder.resolve("sluice.yaml");
    Files.writeString(configuration, readme.substring(from, readme.indexOf("```", from)));

    var code = new CommandLine(new SluiceCommand()).execute("check", configuration.toString());

    assertThat(code).isZero();
  }

  private static List<String> anchors(Path page) {
    return Repository.read(page)
        .lines()
        .filter(line -> line.startsWith("#"))
        .map(line -> line.replaceFirst("^#+ *", "").toLowerCase(Locale.ROOT))
        .map(title -> title.replaceAll("[^a-z0-9 _-]", "").replace(' ', '-'))
        .toList();
  }
}
