package dev.sluice.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The checkout in which the tests run. */
final class Repository {
  /**
   * The folder of the root pom. Maven runs tests in the folder of their module, while an IDE may
   * run them in the root folder.
   */
  static final Path ROOT = findRoot();

  private Repository() {}

  /** The folders of the Maven modules, ordered by name. */
  static List<Path> modules() {
    return list(ROOT, folder -> Files.exists(folder.resolve("pom.xml")));
  }

  /** The Java files of a module's product code; empty if the module has none. */
  static List<Path> sources(Path module) {
    var sources = module.resolve("src/main/java");
    if (!Files.exists(sources)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(sources)) {
      return files.filter(file -> file.toString().endsWith(".java")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The text of a file. */
  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Path> list(Path folder, Predicate<Path> wanted) {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.filter(wanted).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path findRoot() {
    for (var folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
      if (Files.exists(folder.resolve("sluice")) && Files.exists(folder.resolve("pom.xml"))) {
        return folder;
      }
    }
    throw new IllegalStateException("not in a checkout: " + Path.of("").toAbsolutePath());
  }
}
