import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import com.google.googlejavaformat.java.ImportOrderer;
import com.google.googlejavaformat.java.JavaFormatterOptions.Style;
import com.google.googlejavaformat.java.RemoveUnusedImports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;

/**
 * Checks or applies google-java-format over all Java files of the repository.
 *
 * <p>The build starts it as a source file, with the JDK that compiles the code. Arguments: {@code
 * check} or {@code apply}, then the root of the repository.
 */
final class FormatJava {
  private static final Set<String> SKIPPED_DIRECTORIES =
      Set.of("target", "node_modules", ".git", ".build", ".venv");

  public static void main(String[] args) throws IOException {
    boolean apply = args[0].equals("apply");
    Path root = Path.of(args[1]);
    var formatter = new Formatter();
    var faults = new ConcurrentLinkedQueue<String>();
    List<Path> sources;
    try (Stream<Path> files =
        Files.find(root, 64, (path, attributes) -> isSource(root.relativize(path)))) {
      sources = files.toList();
    }
    sources.parallelStream().forEach(source -> format(formatter, root, source, apply, faults));
    faults.stream().sorted().forEach(System.err::println);
    if (!faults.isEmpty()) {
      System.err.println("To format everything: mvn -q -N -Pformat verify");
      System.exit(1);
    }
  }

  private static boolean isSource(Path relative) {
    if (!relative.toString().endsWith(".java")) {
      return false;
    }
    for (Path part : relative) {
      if (SKIPPED_DIRECTORIES.contains(part.toString())) {
        return false;
      }
    }
    return true;
  }

  private static void format(
      Formatter formatter,
      Path root,
      Path source,
      boolean apply,
      ConcurrentLinkedQueue<String> faults) {
    try {
      String before = Files.readString(source);
      String cleaned = RemoveUnusedImports.removeUnusedImports(before);
      String after = formatter.formatSource(ImportOrderer.reorderImports(cleaned, Style.GOOGLE));
      if (after.equals(before)) {
        return;
      }
      if (apply) {
        Files.writeString(source, after);
      } else {
        faults.add("not formatted: " + root.relativize(source));
      }
    } catch (FormatterException | IOException e) {
      faults.add("cannot format: " + root.relativize(source) + ": " + e.getMessage());
    }
  }
}
