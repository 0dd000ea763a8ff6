package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

final class SimulateCommandTest {
  private static final String CONFIG =
      """
      pool:
        endpoints: [{url: "http://127.0.0.1:8000"}]
      flowControl:
        saturationDetector: {pluginRef: {type: concurrency, parameters: {maxConcurrency: 8}}}
        defaultPriorityBand: {fairnessPolicyRef: FAIRNESS}
      """;
  private static final String WORKLOAD =
      """
      duration: 30s
      traffic:
        - tenant: light
          arrivals: {regular: {rate: 1}}
          input: 100
          output: 50
          slo: 2s
        - tenant: hog
          arrivals: {poisson: {rate: 30}}
          input: {uniform: {min: 100, max: 1000}}
          output: 200
      """;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  @TempDir private Path folder = Path.of("");

  @BeforeEach
  void writeFiles() throws IOException {
    Files.writeString(folder.resolve("turns.yaml"), CONFIG.replace("FAIRNESS", "round-robin"));
    Files.writeString(folder.resolve("tokens.yaml"), CONFIG.replace("FAIRNESS", "virtual-token"));
    Files.writeString(folder.resolve("w.yaml"), WORKLOAD);
  }

  @Test
  void comparesTwoConfigurationsInAllThreeReports() throws IOException {
    var code =
        simulate(
            "--config",
            "turns.yaml",
            "--config",
            "tokens.yaml",
            "--workload",
            "w.yaml",
            "--json",
            "r.json",
            "--html",
            "r.html");

    assertThat(code).as(err.toString()).isZero();
    assertThat(out.toString())
        .startsWith("w.yaml: 0:30 simulated, seed 0")
        .contains("against turns", "light", "hog", "Jain's index");
    assertThat(Files.readString(folder.resolve("r.html"))).contains("<svg", "tokens");
    var report = JsonMapper.shared().readTree(Files.readString(folder.resolve("r.json")));
    assertThat(report.at("/runs/0/name").asString()).isEqualTo("turns");
    assertThat(report.at("/runs/1/tenants/light/completed").asInt()).isBetween(25, 30);
    assertThat(report.at("/runs/1/tenants/hog/offered").asInt()).isBetween(750, 1_050);
  }

  @Test
  void theReportStatesEverythingThatMadeIt() throws IOException {
    var secret = "sk-very-secret";
    var digest = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
    Files.writeString(
        folder.resolve("keys.yaml"),
        CONFIG.replace("FAIRNESS", "drr")
            + "gateway: {upstreamApiKey: \""
            + secret
            + "\"}\n"
            + "tenants: [{id: hog, weight: 2.5, apiKeySha256: ["
            + digest
            + "]}]\n");

    var code =
        simulate(
            "--config",
            "tokens.yaml",
            "--config",
            "keys.yaml",
            "--workload",
            "w.yaml",
            "--seed",
            "5",
            "--slots",
            "6",
            "--html",
            "r.html",
            "--json",
            "r.json");

    assertThat(code).as(err.toString()).isZero();
    var page = Files.readString(folder.resolve("r.html"));
    assertThat(page)
        .contains("How this was made", "By sluice ", "./sluice simulate --config ")
        .contains("--slots 6", "<th>requests at once on each</th><td class=\"value\">6</td>")
        .contains("<th>seed</th><td class=\"value\">5</td>", "<th>SHA-256</th>")
        .contains("arrivals: {poisson: {rate: 30}}", "fairnessPolicyRef: drr")
        .contains("between flows drr [", "maxConcurrency=8")
        .contains("weight=2.5", "as the configuration says")
        .doesNotContain(secret)
        .doesNotContain(digest);
    var made =
        JsonMapper.shared().readTree(Files.readString(folder.resolve("r.json"))).at("/madeBy");
    assertThat(made.at("/command").asString()).contains("--seed 5");
    assertThat(made.at("/configurations/1/text").asString()).contains("weight: 2.5");
    assertThat(made.toString()).doesNotContain(secret);
  }

  @Test
  void isTheSameForTheSameSeedAndAnotherForAnother() throws IOException {
    var reports = new ArrayList<String>();
    for (var seed : List.of("1", "1", "2")) {
      simulate(
          "--config", "tokens.yaml", "--workload", "w.yaml", "--seed", seed, "--json", "r.json");
      reports.add(Files.readString(folder.resolve("r.json")));
    }

    assertThat(reports.get(0)).isEqualTo(reports.get(1)).isNotEqualTo(reports.get(2));
  }

  @Test
  void takesATraceAndRunsItToItsEnd() throws IOException {
    Files.writeString(
        folder.resolve("t.csv"),
        "arrival_s,client,input_tokens,output_tokens\n0,a,100,50\n90,b,100,50\n");

    assertThat(simulate("--config", "tokens.yaml", "--workload", "t.csv")).isZero();

    assertThat(out.toString()).startsWith("t.csv: 1:30 simulated").contains("requests  ");
    assertThat(out.toString().lines().filter(line -> line.startsWith("b "))).hasSize(1);
  }

  private static String line(int index, String tenant, int priority) {
    return ("{\"time\":\"2026-01-31T12:00:%02d.%03dZ\",\"tenant\":\"%s\",\"flow\":\"%s\","
            + "\"priority\":%d,\"inputTokens\":100,\"outputTokens\":100,\"ttlNanos\":900000000000,"
            + "\"outcome\":\"Dispatched\"}%n")
        .formatted(index / 8, index % 8 * 125, tenant, tenant, priority);
  }

  private JsonNode replayed(String tenants, String... options) throws IOException {
    var lines = new StringBuilder();
    for (var i = 0; i < 400; i++) {
      lines.append(line(i, i % 2 == 0 ? "paying" : "other", i % 2 == 0 ? 10 : 0));
    }
    Files.writeString(folder.resolve("log.jsonl"), lines);
    Files.writeString(
        folder.resolve("t.yaml"), CONFIG.replace("FAIRNESS", "virtual-token") + tenants);
    var all = new ArrayList<>(List.of("--config", "t.yaml", "--workload", "log.jsonl"));
    all.addAll(List.of("--servers", "1", "--slots", "10", "--json", "r.json"));
    all.addAll(List.of(options));
    assertThat(simulate(all.toArray(String[]::new))).as(err.toString()).isZero();
    return JsonMapper.shared().readTree(Files.readString(folder.resolve("r.json"))).at("/runs/0");
  }

  @Test
  void aTracesTenantsHaveThePriorityOfTheConfiguration() throws IOException {
    var tenants = "tenants: [{id: paying, priority: PRIORITY, objectives: []}]\n";
    var above = replayed(tenants.replace("PRIORITY", "10"));
    var below = replayed(tenants.replace("PRIORITY", "-50"));
    var kept = replayed(tenants.replace("PRIORITY", "-50"), "--keep-recorded");

    assertThat(below.at("/bands").propertyNames()).containsExactly("-50", "0");
    assertThat(below.at("/tenants/paying/waitP99").asDouble())
        .isGreaterThan(10 * above.at("/tenants/paying/waitP99").asDouble());
    assertThat(kept.at("/bands")).isEqualTo(above.at("/bands"));
    assertThat(kept.at("/bands").propertyNames()).containsExactly("0", "10");
  }

  @Test
  void aRequestThatNamedAnObjectiveKeepsItsPriority() throws IOException {
    var run =
        replayed(
            """
            gateway: {objectives: {urgent: 10}}
            tenants: [{id: paying, priority: 3, objectives: [urgent]}]
            """);

    assertThat(run.at("/bands").propertyNames()).containsExactly("0", "10");
  }

  @Test
  void aTracesTenantsHaveTheWeightsLimitsAndTimesOfTheConfiguration() throws IOException {
    var equal = "tenants: [{id: paying, weight: WEIGHT}, {id: other}]\n";
    assertThat(replayed(equal.replace("WEIGHT", "1")).at("/tenants/paying/waitP50").asDouble())
        .isGreaterThan(
            2 * replayed(equal.replace("WEIGHT", "9")).at("/tenants/paying/waitP50").asDouble());

    var limited = replayed("tenants: [{id: paying, limits: {maxQueuedRequests: 1}}]\n");
    assertThat(limited.at("/tenants/paying/refused").isEmpty()).isFalse();
    assertThat(limited.at("/tenants/other/refused").isEmpty()).isTrue();

    var impatient = replayed("tenants: [{id: paying, ttl: 1s}]\n");
    assertThat(impatient.at("/tenants/paying/refused").isEmpty()).isFalse();
    var patient = replayed("tenants: [{id: paying, ttl: 1s, maySetTTL: true}]\n");
    assertThat(patient.at("/tenants/paying/refused").isEmpty()).isTrue();
  }

  @Test
  void aSmallerPoolServesLess() {
    simulate("--config", "tokens.yaml", "--workload", "w.yaml", "--servers", "1", "--slots", "2");

    assertThat(out.toString().lines().filter(line -> line.startsWith("utilisation")))
        .singleElement()
        .asString()
        .containsPattern("(100\\.0|99\\.\\d) %");
  }

  @Test
  void saysWhatIsWrongWithAWorkloadConfigurationOrOption() throws IOException {
    Files.writeString(folder.resolve("bad.yaml"), WORKLOAD.replace("regular", "regulr"));

    assertThat(simulate("--config", "tokens.yaml", "--workload", "bad.yaml")).isEqualTo(2);
    assertThat(simulate("--config", "none.yaml", "--workload", "w.yaml")).isEqualTo(2);
    assertThat(simulate("--config", "tokens.yaml", "--workload", "w.yaml", "--duration", "long"))
        .isEqualTo(2);
    assertThat(simulate("--config", "tokens.yaml", "--workload", "w.yaml", "--slots", "0"))
        .isEqualTo(2);
    assertThat(simulate("--config", "tokens.yaml", "--workload", "w.yaml", "--duration", "0s"))
        .isEqualTo(2);
    assertThat(simulate("--config", "tokens.yaml", "--workload", "w.yaml", "--json", "no/r.json"))
        .isEqualTo(2);
    assertThat(simulate("--config", "tokens.yaml", "--workload", "w.yaml", "--charts", "no"))
        .isEqualTo(2);

    assertThat(err.toString())
        .contains("bad.yaml:4:16: traffic[0].arrivals.regulr: unknown key; did you mean regular?")
        .contains("none.yaml")
        .contains("got long, allowed a time such as 20ms, 90s, 10m or 2h")
        .contains("slots: got 0, allowed > 0")
        .contains("duration: got PT0S, allowed > 0")
        .contains("--json: there is no folder")
        .contains("--charts: there is no folder no");
  }

  @Test
  void tellsConfigurationsOfOneNameApart() throws IOException {
    var other = Files.createDirectory(folder.resolve("other"));
    Files.copy(folder.resolve("turns.yaml"), other.resolve("tokens.yaml"));

    assertThat(
            simulate(
                "--config",
                "tokens.yaml",
                "--config",
                "other/tokens.yaml",
                "--config",
                "tokens.yaml",
                "--workload",
                "w.yaml"))
        .isZero();

    assertThat(out.toString()).contains("other/tokens.yaml").contains("tokens.yaml #3");
  }

  /** Runs the command with files of the folder. */
  private int simulate(String... arguments) {
    var all = new ArrayList<>(List.of("simulate"));
    for (var argument : arguments) {
      var isFile = argument.matches(".*\\.(yaml|csv|jsonl?|html)");
      all.add(isFile ? folder.resolve(argument).toString() : argument);
    }
    return SluiceCommand.commandLine()
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(all.toArray(String[]::new));
  }
}
