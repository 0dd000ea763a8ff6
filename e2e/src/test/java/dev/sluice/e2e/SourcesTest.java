package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Checks rules for source files that the compiler does not check. */
final class SourcesTest {
  private static final Pattern PUBLIC_TYPE =
      Pattern.compile("public ([a-z-]+ )*(class|interface|record|enum|@interface) (\\w+).*");

  static List<Path> modules() {
    return Repository.modules();
  }

  @ParameterizedTest
  @MethodSource("modules")
  void everyPublicTypeHasJavadoc(Path module) {
    var undocumented = new ArrayList<String>();
    for (var source : Repository.sources(module)) {
      var lines = Repository.read(source).lines().toList();
      for (int i = 0; i < lines.size(); i++) {
        var type = PUBLIC_TYPE.matcher(lines.get(i).strip());
        if (type.matches() && !isDocumented(lines, i)) {
          undocumented.add(source.getFileName() + ": " + type.group(3));
        }
      }
    }

    assertThat(undocumented).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("modules")
  void everyPackageIsNullMarkedAndDescribed(Path module) {
    var faulty = new ArrayList<Path>();
    for (var source : Repository.sources(module)) {
      var folder = source.resolveSibling("package-info.java");
      if (source.endsWith("module-info.java")) {
        continue;
      }
      if (!Files.exists(folder)
          || !Repository.read(folder).contains("@NullMarked")
          || !Repository.read(folder).contains("/**")) {
        faulty.add(source);
      }
    }

    assertThat(faulty).isEmpty();
  }

  /**
   * Whether the lines before a declaration are annotations and then the end of a Javadoc comment.
   */
  private static boolean isDocumented(List<String> lines, int declaration) {
    for (int i = declaration - 1; i >= 0; i--) {
      var line = lines.get(i).strip();
      if (line.endsWith("*/")) {
        return true;
      }
      if (line.isEmpty() || line.endsWith(";") || line.equals("{")) {
        return false;
      }
    }
    return false;
  }
}
