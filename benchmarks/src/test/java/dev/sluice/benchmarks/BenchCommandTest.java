package dev.sluice.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.json.JsonMapper;

/** The command runs every bench to its end; how fast is not asserted. */
class BenchCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final CommandLine command =
      new CommandLine(new BenchCommand())
          .setOut(new PrintWriter(out, true))
          .setErr(new PrintWriter(err, true));

  @TempDir private Path folder;

  @Test
  void measuresEveryBenchAndWritesTheTableAsJsonAndMarkdown() throws Exception {
    var json = folder.resolve("results.json");
    var document = folder.resolve("performance.md");
    Files.writeString(document, "before\n" + Report.BEGIN + "\nold\n" + Report.END + "\nafter\n");

    var code =
        command.execute("--quick", "--json", json.toString(), "--markdown", document.toString());

    assertThat(code).as("%s%n%s", out, err).isZero();
    var measured = new LinkedHashSet<String>();
    for (var line : new JsonMapper().readTree(Files.readString(json))) {
      measured.add(line.get("bench").asString());
      assertThat(line.has("params")).isTrue();
      assertThat(line.has("bytesPerOp")).isTrue();
      assertThat(line.path("nsPerOp").asDouble(0) + line.path("bytesPerOp").asDouble(0))
          .as("%s", line)
          .isPositive();
    }
    assertThat(measured).containsExactlyElementsOf(Benches.names());
    assertThat(Files.readString(document))
        .startsWith("before\n")
        .endsWith("after\n")
        .contains("Measured on ")
        .contains("| admit | ")
        .doesNotContain("old");
  }

  @Test
  void namesTheBenchesWhereNoneIsMeant() {
    assertThat(command.execute("--only", "typo")).isEqualTo(CommandLine.ExitCode.USAGE);
    assertThat(out.toString()).contains("typo").contains("admit");
  }

  @Test
  void saysWhatADocumentLacks() throws Exception {
    var document = folder.resolve("performance.md");
    Files.writeString(document, "no markers");

    assertThat(command.execute("--quick", "--only", "admit", "--markdown", document.toString()))
        .isNotZero();
    assertThat(err.toString()).contains("performance.md").contains(Report.BEGIN);
    assertThat(Files.readString(document)).isEqualTo("no markers");
  }
}
