package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks rules for source files that the compiler does not check. */
final class SourcesTest {
  private static final Pattern PUBLIC_TYPE =
      Pattern.compile("public ([a-z-]+ )*(class|interface|record|enum|@interface) (\\w+).*");

  private static final int MOST_LINES = 500;
  private static final int MOST_LINES_WITHOUT_A_REASON = 350;
  private static final String REASON = "This class is long because ";

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

  @ParameterizedTest
  @MethodSource("modules")
  void noFileIsTooLong(Path module) {
    var tooLong = new ArrayList<String>();
    for (var source : Repository.sources(module)) {
      var text = Repository.read(source);
      var lines = text.lines().count();
      if (lines > MOST_LINES || (lines > MOST_LINES_WITHOUT_A_REASON && !givesTheReason(text))) {
        tooLong.add(source.getFileName() + ": " + lines + " lines");
      }
    }

    assertThat(tooLong)
        .as(
            "at most %s lines; above %s the Javadoc says: %s...",
            MOST_LINES, MOST_LINES_WITHOUT_A_REASON, REASON)
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/** A class. This class is long because it is. */",
        "/**\n * A class.\n *\n * <p>This class is\n * long because it is.\n */"
      })
  void findsTheReasonInAnyLineOfTheJavadoc(String javadoc) {
    assertThat(givesTheReason(javadoc)).isTrue();
  }

  private static boolean givesTheReason(String source) {
    return source.replaceAll("\\s*\n \\* *", " ").contains(REASON);
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
