package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

final class ExperimentsCommandTest {
  @TempDir Path folder;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  @Tag("long")
  void writesEveryRowForPrograms() throws Exception {
    var file = folder.resolve("rows.json");

    assertThat(run("experiments", "--only", "E7", "--json", file.toString())).isZero();

    var rows = JsonMapper.shared().readTree(file);
    assertThat(rows.isArray()).isTrue();
    var policies = new ArrayList<String>();
    for (var row : rows) {
      assertThat(row.propertyNames())
          .contains("id", "policy", "baseline", "seed", "measured", "bound", "passed");
      assertThat(row.get("id").stringValue()).isEqualTo("E7");
      assertThat(row.get("measured").isNumber()).isTrue();
      assertThat(row.get("seed").intValue()).isBetween(0, 4);
      policies.add(row.get("policy").stringValue());
      if (!row.get("baseline").booleanValue()) {
        assertThat(row.get("passed").booleanValue()).isTrue();
      }
    }
    assertThat(policies).contains("sluice", "strict", "weighted");
    assertThat(out.toString()).contains("Reserved shares of lower bands", " 0 failed");
  }

  @Test
  void writesTheTablesAsAPage() throws Exception {
    var file = folder.resolve("page.md");

    assertThat(run("experiments", "--only", "e2,E22", "--markdown", file.toString())).isZero();

    assertThat(Files.readString(file))
        .contains(
            "## E2: Weights 1:2:4",
            "| figure | bound | sluice |",
            "| deviation of a share, points | at most 1 |")
        .contains("## E22: ");
  }

  @Test
  void measuresWithTheSeedsThatAreAskedForAndPrintsThem() throws Exception {
    var file = folder.resolve("rows.json");

    assertThat(
            run("experiments", "--only", "E22", "--seeds", "7,100-101", "--json", file.toString()))
        .isZero();

    var seeds = new LinkedHashSet<Integer>();
    JsonMapper.shared().readTree(file).forEach(row -> seeds.add(row.get("seed").intValue()));
    assertThat(seeds).containsExactly(7, 100, 101);
    assertThat(out.toString()).contains("Seeds 7,100-101");
  }

  @Test
  void refusesSeedsThatCannotBeRead() {
    assertThat(run("experiments", "--only", "E22", "--seeds", "5-1")).isEqualTo(2);
    assertThat(err.toString()).contains("--seeds: got \"5-1\", allowed are lists such as");
  }

  @Test
  void namesTheExperimentsIfThereIsNoSuch() {
    assertThat(run("experiments", "--only", "E99")).isEqualTo(2);
    assertThat(err.toString()).contains("--only: no experiment E99; there are E1a, E1b, E1c, E2");
  }

  private int run(String... args) {
    return SluiceCommand.commandLine()
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(args);
  }
}
