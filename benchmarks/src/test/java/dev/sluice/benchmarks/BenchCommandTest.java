package dev.sluice.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Runs every bench to its end. The tests do not assert how fast Sluice is. */
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
    assertThat(rows(json, "matrix")).hasSize(16).doesNotHaveDuplicates();
    assertThat(rows(json, "decision"))
        .extracting(row -> row.at("/params/flows").asInt())
        .containsExactly(10, 1_000, 10_000, 100_000);
    var comparisons =
        rows(json, "decision").stream().map(row -> row.get("comparisons").asDouble()).toList();
    assertThat(comparisons).isSorted();
    assertThat(comparisons.getLast())
        .as("the bound on comparisons; they are counted, so they are the same on every machine")
        .isLessThan(12 * comparisons.getFirst());
    assertThat(rows(json, "hand-over"))
        .hasSize(3)
        .allSatisfy(row ->
            assertThat(row.get("p99Micros").asDouble())
                .isGreaterThanOrEqualTo(row.get("p50Micros").asDouble())
                .isPositive());
    assertThat(Files.readString(document))
        .startsWith("before\n")
        .endsWith("after\n")
        .contains("Measured on ")
        .contains("| admit | ")
        .doesNotContain("old");
  }

  @Test
  void setsResultsBesideUpstreams() throws Exception {
    var json = folder.resolve("results.json");
    var theirs = folder.resolve("upstream.txt");
    Files.writeString(
        theirs,
        """
        goos: linux
        BenchmarkFlowController_TopologyChurn-2   309184   7002 ns/op   0.5 d/s   2649 B/op
        BenchmarkFlowController_MassCancellation-2   9166   254738 ns/op   2.0 zombies/s
        PASS
        """);

    command.execute(
        "--quick", "--only", "churn", "--beside", theirs.toString(), "--json", json.toString());

    assertThat(rows(json, "churn"))
        .singleElement()
        .satisfies(row ->
            assertThat(row.get("timesUpstream").asDouble())
                .isEqualTo(row.get("perSecond").asDouble() / 0.5));
  }

  @Test
  void saysThatAFileHoldsNoBenchmarks() throws Exception {
    var theirs = folder.resolve("upstream.txt");
    Files.writeString(theirs, "PASS\n");

    assertThat(command.execute("--quick", "--only", "admit", "--beside", theirs.toString()))
        .isNotZero();
    assertThat(err.toString()).contains("upstream.txt").contains("d/s");
  }

  private static List<JsonNode> rows(Path json, String bench) throws IOException {
    var rows = new ArrayList<JsonNode>();
    for (var row : new JsonMapper().readTree(Files.readString(json))) {
      if (row.get("bench").asString().equals(bench)) {
        rows.add(row);
      }
    }
    return rows;
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
