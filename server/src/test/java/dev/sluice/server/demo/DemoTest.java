package dev.sluice.server.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.server.SluiceProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The demo as a process: its output and its summary file. */
class DemoTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final List<String> TENANTS = List.of("gold", "silver-a", "silver-b", "batch");

  @TempDir private Path folder = Path.of("");

  @Test
  @Tag("long")
  void measuresTheSameLoadWithAndWithoutFlowControl() throws Exception {
    var file = folder.resolve("summary.json");
    try (var demo = demo("--duration", "4s", "--compare", "--json", file.toString())) {
      assertThat(demo.exitCode()).as(demo.output()).isZero();
      assertThat(demo.output())
          .contains("\nWith flow control: ", "\nWithout flow control: ", "\n  gold ")
          .doesNotContain("\u001b");
    }

    var summary = new JsonMapper().readTree(Files.readString(file));
    assertThat(summary.propertyNames()).containsExactly("withFlowControl", "withoutFlowControl");
    var with = summary.get("withFlowControl");
    var without = summary.get("withoutFlowControl");
    checkRun(with);
    checkRun(without);
    var planned = DemoPlan.of(Duration.ofSeconds(4)).arrivals().size();
    assertThat(with.get("offered").intValue()).isEqualTo(planned);
    assertThat(without.get("offered").intValue()).isEqualTo(planned);
    assertThat(with.get("priorityInversions").longValue()).isZero();
    assertThat(without.get("priorityInversions").longValue()).isPositive();
    assertThat(with.get("done").intValue()).isPositive();
    assertThat(with.get("refused").intValue()).isPositive();
  }

  @Test
  void endsWithASummaryWhenItIsInterrupted() throws Exception {
    var file = folder.resolve("summary.json");
    try (var demo = demo("--duration", "60s", "--json", file.toString())) {
      await().atMost(SOON).until(() -> demo.output().contains("  saturation "));

      demo.terminate();

      assertThat(demo.exitCode()).as(demo.output()).isEqualTo(143);
      assertThat(demo.output()).contains("\nWith flow control: ", "\nWithout flow control: ");
    }

    var with = new JsonMapper().readTree(Files.readString(file)).get("withFlowControl");
    checkRun(with);
    assertThat(with.get("durationSeconds").doubleValue()).isBetween(1.0, 50.0);
    assertThat(with.get("offered").intValue()).isPositive();
    assertThat(with.get("priorityInversions").longValue()).isZero();
    assertThat(with.get("failed").intValue()).isZero();
    assertThat(with.get("cut").intValue()).isPositive();
  }

  private SluiceProcess demo(String... options) throws Exception {
    var arguments = new String[options.length + 1];
    arguments[0] = "demo";
    System.arraycopy(options, 0, arguments, 1, options.length);
    return SluiceProcess.start(folder, arguments);
  }

  private static void checkRun(JsonNode run) {
    assertThat(run.propertyNames())
        .containsExactly(
            "durationSeconds",
            "offered",
            "done",
            "refused",
            "failed",
            "cut",
            "lost",
            "priorityInversions",
            "tenants");
    assertThat(run.get("lost").intValue()).isZero();
    assertThat(run.get("offered").intValue()).isEqualTo(ends(run));
    assertThat(run.get("tenants").valueStream().map(tenant -> tenant.get("id").asString()))
        .containsExactlyElementsOf(TENANTS);
    assertThat(run.get("tenants").valueStream().map(tenant -> tenant.get("priority").intValue()))
        .containsExactly(10, 0, 0, -1);
    for (var count : List.of("offered", "done", "refused", "failed")) {
      assertThat(run.get("tenants").valueStream().mapToInt(t -> t.get(count).intValue()).sum())
          .as(count)
          .isEqualTo(run.get(count).intValue());
    }
    run.get("tenants").forEach(DemoTest::checkTenant);
  }

  private static void checkTenant(JsonNode tenant) {
    assertThat(tenant.propertyNames())
        .containsExactly(
            "id",
            "priority",
            "offered",
            "done",
            "refused",
            "failed",
            "cut",
            "waitMillis",
            "firstByteMillis");
    assertThat(tenant.get("offered").intValue()).isEqualTo(ends(tenant));
    for (var times : List.of("waitMillis", "firstByteMillis")) {
      var percentiles = tenant.get(times);
      assertThat(percentiles.propertyNames()).containsExactly("p50", "p99");
      assertThat(percentiles.get("p50").isNumber()).isTrue();
      assertThat(percentiles.get("p50").doubleValue())
          .isBetween(0.0, percentiles.get("p99").doubleValue());
    }
  }

  private static int ends(JsonNode counts) {
    return counts.get("done").intValue()
        + counts.get("refused").intValue()
        + counts.get("failed").intValue()
        + counts.get("cut").intValue();
  }
}
