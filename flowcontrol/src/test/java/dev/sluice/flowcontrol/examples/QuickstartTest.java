package dev.sluice.flowcontrol.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

/** Checks that the README shows the example that compiles and runs. */
final class QuickstartTest {
  @Test
  @ResourceLock(Resources.SYSTEM_OUT)
  void servesEveryRequestOfBothTenants() throws InterruptedException {
    var printed = new ByteArrayOutputStream();
    var out = System.out;
    System.setOut(new PrintStream(printed, true, UTF_8));
    try {
      Quickstart.main(new String[0]);
    } finally {
      System.setOut(out);
    }

    var lines = printed.toString(UTF_8).lines().toList();
    assertThat(lines).hasSize(20).allMatch(line -> line.contains(" runs after waiting for PT"));
    assertThat(lines).filteredOn(line -> line.contains("gold:10")).hasSize(10);
    assertThat(lines).filteredOn(line -> line.contains("batch:-1")).hasSize(10);
  }

  @Test
  void standsInTheReadmeWordForWord() throws IOException {
    var root = Path.of("").toAbsolutePath();
    while (!Files.exists(root.resolve("README.md")) || !Files.exists(root.resolve("sluice"))) {
      root = root.getParent();
    }
    var source =
        Files.readString(
            root.resolve(
                "flowcontrol/src/test/java/dev/sluice/flowcontrol/examples/Quickstart.java"));
    var example = between(source, "// begin\n", "// end\n");

    var readme = Files.readString(root.resolve("README.md"));

    assertThat(between(readme, "```java\n", "```\n")).isEqualTo(example);
  }

  private static String between(String text, String start, String end) {
    var from = text.indexOf(start) + start.length();
    return text.substring(from, text.indexOf(end, from));
  }
}
