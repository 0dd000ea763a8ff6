package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The training run: a short-lived gateway that a JVM records. */
class TrainingRunTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void servesItsRequestsAndEndsWithoutAWord() throws Exception {
    var log = folder.resolve("log");
    var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    var process =
        new ProcessBuilder(
                java,
                "-Djava.io.tmpdir=" + folder,
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                TrainingRun.class.getName())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();

    assertThat(process.waitFor()).as(Files.readString(log)).isZero();
    assertThat(log).hasContent("");
    assertThat(folder).as("what it left").isDirectoryNotContaining("glob:**.yaml");
  }
}
