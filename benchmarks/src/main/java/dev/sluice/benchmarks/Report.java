package dev.sluice.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Writes the table and a description of the machine into a document, between two markers. */
final class Report {
  static final String BEGIN = "<!-- begin: written by ./sluice bench --markdown -->";
  static final String END = "<!-- end -->";

  private Report() {}

  /**
   * Replaces the text between the markers of {@code document}.
   *
   * @throws IOException if the document can't be read or written, or has no markers
   */
  static void write(List<Result> results, Path document) throws IOException {
    var text = Files.readString(document);
    var begin = text.indexOf(BEGIN);
    var end = text.indexOf(END, Math.max(0, begin));
    if (begin < 0 || end < 0) {
      throw new IOException(
          document + " lacks the lines \"" + BEGIN + "\" and \"" + END + "\" to write between");
    }
    Files.writeString(
        document,
        text.substring(0, begin + BEGIN.length())
            + "\n\n"
            + machine()
            + Beside.summary(results).map(" "::concat).orElse("")
            + "\n\n"
            + ResultTable.markdown(results)
            + "\n"
            + text.substring(end));
  }

  /** One sentence about the machine and the JVM. */
  static String machine() throws IOException {
    var runtime = Runtime.getRuntime();
    return String.format(
        Locale.ROOT,
        "Measured on %d cores of %s, %s %s, %s %s, a heap of at most %,d MiB.",
        runtime.availableProcessors(),
        processor(),
        System.getProperty("os.name"),
        System.getProperty("os.arch"),
        System.getProperty("java.vm.name"),
        System.getProperty("java.vm.version"),
        runtime.maxMemory() >> 20);
  }

  private static String processor() throws IOException {
    var known = Path.of("/proc/cpuinfo");
    if (!Files.isReadable(known)) {
      return "an unnamed processor";
    }
    return Files.readAllLines(known).stream()
        .filter(line -> line.startsWith("model name"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse("an unnamed processor");
  }
}
