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
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The command runs benches to their end and writes what it measured; speed is not asserted. */
class BenchCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final CommandLine command =
      new CommandLine(new BenchCommand())
          .setOut(new PrintWriter(out, true))
          .setErr(new PrintWriter(err, true));

  @TempDir private Path folder;

  @Test
  @Tag("long")
  void measuresEveryBench() throws Exception {
    var rows = measure();

    var names = new LinkedHashSet<String>();
    rows.forEach(row -> names.add(row.get("bench").asString()));
    assertThat(names).containsExactlyElementsOf(Benches.names());
    assertThat(rows)
        .allSatisfy(row -> {
          assertThat(row.has("params")).isTrue();
          assertThat(row.has("bytesPerOp")).isTrue();
          assertThat(row.path("nsPerOp").asDouble(0) + row.path("bytesPerOp").asDouble(0))
              .isPositive();
        });
    assertThat(of("matrix", rows)).hasSize(16).doesNotHaveDuplicates();
    assertThat(of("hand-over", rows))
        .hasSize(3)
        .allSatisfy(row ->
            assertThat(row.get("p99Micros").asDouble())
                .isGreaterThanOrEqualTo(row.get("p50Micros").asDouble())
                .isPositive());
  }

  /** DESIGN's bound on the cost of a decision; counted, so the same on every machine. */
  @Test
  @Tag("long")
  void aDecisionAmongManyFlowsTakesFewMoreComparisonsThanAmongFew() throws Exception {
    var rows = measure("--only", "decision");

    assertThat(rows)
        .extracting(row -> row.at("/params/flows").asInt())
        .containsExactly(10, 1_000, 10_000, 100_000);
    var comparisons = rows.stream().map(row -> row.get("comparisons").asDouble()).toList();
    assertThat(comparisons).isSorted();
    assertThat(comparisons.getLast()).isLessThan(12 * comparisons.getFirst());
  }

  @Test
  void writesTheTableBetweenTheMarkersOfADocument() throws Exception {
    var document = folder.resolve("performance.md");
    Files.writeString(document, "before\n" + Report.BEGIN + "\nold\n" + Report.END + "\nafter\n");

    measure("--only", "admit", "--markdown", document.toString());

    assertThat(Files.readString(document))
        .startsWith("before\n")
        .endsWith("after\n")
        .contains("Measured on ")
        .contains("| admit | ")
        .doesNotContain("old");
  }

  @Test
  void setsResultsBesideUpstreams() throws Exception {
    var theirs = folder.resolve("upstream.txt");
    Files.writeString(
        theirs,
        """
        goos: linux
        BenchmarkFlowController_TopologyChurn-2   309184   7002 ns/op   0.5 d/s   2649 B/op
        BenchmarkFlowController_MassCancellation-2   9166   254738 ns/op   2.0 zombies/s
        PASS
        """);

    var rows = measure("--only", "churn", "--beside", theirs.toString());

    assertThat(rows)
        .singleElement()
        .satisfies(row ->
            assertThat(row.get("timesUpstream").asDouble())
                .isEqualTo(row.get("perSecond").asDouble() / 0.5));
  }

  @Test
  void saysThatAFileHoldsNoBenchmarks() throws Exception {
    var theirs = folder.resolve("upstream.txt");
    Files.writeString(theirs, "PASS\n");

    var code = command.execute("--quick", "--only", "admit", "--beside", theirs.toString());

    assertThat(code).isNotZero();
    assertThat(err.toString()).contains("upstream.txt").contains("d/s");
  }

  @Test
  void listsTheBenchesWhenAnUnknownOneIsNamed() {
    var code = command.execute("--only", "typo");

    assertThat(code).isEqualTo(CommandLine.ExitCode.USAGE);
    assertThat(out.toString()).contains("typo").contains("admit");
  }

  @Test
  void leavesADocumentWithoutMarkersAloneAndNamesTheMarker() throws Exception {
    var document = folder.resolve("performance.md");
    Files.writeString(document, "no markers");

    var code = command.execute("--quick", "--only", "admit", "--markdown", document.toString());

    assertThat(code).isNotZero();
    assertThat(err.toString()).contains("performance.md").contains(Report.BEGIN);
    assertThat(Files.readString(document)).isEqualTo("no markers");
  }

  /** Runs the command with these options and returns the rows that it writes as JSON. */
  private List<JsonNode> measure(String... options) throws IOException {
    var json = folder.resolve("results.json");
    var arguments = new ArrayList<>(List.of("--quick", "--json", json.toString()));
    arguments.addAll(List.of(options));

    var code = command.execute(arguments.toArray(String[]::new));

    assertThat(code).as("%s%n%s", out, err).isZero();
    var rows = new ArrayList<JsonNode>();
    new JsonMapper().readTree(Files.readString(json)).forEach(rows::add);
    return rows;
  }

  private static List<JsonNode> of(String bench, List<JsonNode> rows) {
    return rows.stream().filter(row -> row.get("bench").asString().equals(bench)).toList();
  }
}
