package dev.sluice.flowcontrol.controller;

import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the stress tests of the engine with jcstress: in each of them two threads meet in the
 * engine's shell as often as the time allows. It takes 1 to 2 minutes. If an outcome was seen that
 * is not allowed, jcstress's own report is the message.
 */
@Tag("long")
final class StressTest {
  private static final List<String> TESTS =
      List.of("Cancel", "Fold", "HandOver", "Intake", "Interrupt", "Offer", "Progress");

  /** One JVM for each test, with the flags of this one's tests; no matrix of JVM modes. */
  private static final List<String> OPTIONS =
      List.of(
          "-t", "\\.(" + String.join("|", TESTS) + ")Stress$",
          "-f", "1",
          "-iters", "5",
          "-time", "500",
          "-c", "2",
          "-af", "NONE",
          "-sc", "false",
          "-jvmArgs", "-ea -Xmx512m -XX:+UseCompactObjectHeaders");

  /** If an actor hangs, the report names the tests that were over by then. */
  @Test
  void noOutcomeIsSeenThatIsNotAllowed(@TempDir Path folder) throws Exception {
    var report = folder.resolve("report.txt");
    var process = start(folder, report);
    boolean ended;
    try {
      ended = process.waitFor(5, MINUTES);
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().waitFor();
    }

    assertThat(report)
        .content()
        .contains(TESTS.size() + " passed, 0 failed, 0 soft errs, 0 hard errs");
    assertThat(ended).as("ended in time").isTrue();
    assertThat(process.exitValue()).isZero();
  }

  /** jcstress starts its own JVMs with the {@code java.home} of the JVM that it runs in. */
  private static Process start(Path folder, Path report) throws IOException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-cp");
    command.add(absolute(System.getProperty("java.class.path")));
    command.add("org.openjdk.jcstress.Main");
    command.addAll(OPTIONS);
    command.add("-r");
    command.add(folder.resolve("html").toString());
    return new ProcessBuilder(command)
        .directory(folder.toFile())
        .redirectErrorStream(true)
        .redirectOutput(report.toFile())
        .start();
  }

  /** A class path that means the same in another folder. */
  private static String absolute(String classPath) {
    return String.join(
        File.pathSeparator,
        List.of(classPath.split(File.pathSeparator)).stream()
            .map(entry -> Path.of(entry).toAbsolutePath().toString())
            .toList());
  }
}
