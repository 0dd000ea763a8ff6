package dev.sluice.simulation.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class WorkloadFileTest {
  private static final long SECOND = 1_000_000_000L;
  private static final String ALL =
      """
      duration: 2m
      traffic:
        - tenant: web
          count: 2
          priority: 10
          model: llama
          arrivals: {poisson: {rate: 3}}
          input: {uniform: {min: 64, max: 512}}
          output: {lognormal: {median: 200, sigma: 0.8, max: 2_048}}
          cached: 0.25
          maxOutput: 1000
          slo: 2s
          ttl: 1.5s
        - tenant: batch
          flow: nightly
          count: 3
          priority: -1
          arrivals: {on-off: {rate: 10, on: 500ms, off: 1s}}
          input: {pareto: {min: 10, alpha: 1.2, max: 4000}}
          output: 128
          start: 10s
          end: 1m
      agents:
        - tenant: coder
          sessions: {gamma: {rate: 0.5, cv: 2}}
          steps: {uniform: {min: 3, max: 12}}
          parallel: 2
          think: 500ms
          flowPerSession: true
          input: 400
          output: 300
      traces:
        - file: old.csv
          timeScale: 0.5
          tenants: 2
          tenant: old
      """;

  @TempDir private Path folder = Path.of("");

  @Test
  void describesTrafficAgentsAndTraces() throws IOException {
    Files.writeString(
        folder.resolve("old.csv"),
        "arrival_s,client,input_tokens,output_tokens\n0,a,1,1\n100,b,1,1\n");

    var described = WorkloadFile.read(Files.writeString(folder.resolve("w.yaml"), ALL));
    var arrivals = OpenTrafficTest.all(described.open(1, described.durationNanos()));

    assertThat(described.durationNanos()).isEqualTo(120 * SECOND);
    assertThat(described.traffic())
        .extracting(traffic -> traffic.caller().tenant() + " " + traffic.caller().flow())
        .containsExactly(
            "web-1 web-1", "web-2 web-2", "batch nightly-1", "batch nightly-2", "batch nightly-3");
    var web = described.traffic().getFirst();
    assertThat(web.shape())
        .isEqualTo(
            new RequestShape(
                new TokenLengths.Uniform(64, 512),
                new TokenLengths.LogNormal(200, 0.8, 2_048),
                0.25,
                1_000,
                2 * SECOND,
                3 * SECOND / 2));
    assertThat(web.caller()).isEqualTo(new Caller("web-1", "web-1", 10, "llama", ""));
    assertThat(described.traffic().getLast().arrivals())
        .isEqualTo(new ArrivalProcess.OnOff(10, SECOND / 2, SECOND));
    assertThat(arrivals)
        .extracting(Arrival::tenant)
        .contains("web-1", "web-2", "batch", "coder")
        .containsAnyOf("old-1", "old-2");
    assertThat(arrivals).extracting(Arrival::atNanos).isSorted();
    assertThat(OpenTrafficTest.all(described.open(1, described.durationNanos())))
        .as("the same seed")
        .isEqualTo(arrivals);
  }

  @Test
  void takesATraceAsItIs() throws IOException {
    var file =
        Files.writeString(
            folder.resolve("t.csv"), "arrival_s,client,input_tokens,output_tokens\n0,a,1,1\n");

    assertThat(OpenTrafficTest.all(WorkloadFile.read(file).open(1, SECOND)))
        .extracting(Arrival::tenant)
        .containsExactly("a");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "duration: 2m | durration: 2m | 1:1: durration: unknown key; did you mean duration? allowed: duration, traffic",
        "duration: 2m | duration: 2 minutes | 1:11: duration: got 2 minutes, allowed a duration such as 250ms",
        "rate: 3 | rate: -3 | 7:32: traffic[0].arrivals.poisson.rate: got -3.0, allowed > 0",
        "rate: 3 | rate: fast | traffic[0].arrivals.poisson.rate: got fast, allowed a number",
        "{poisson: {rate: 3}} | {poison: {rate: 3}} | traffic[0].arrivals.poison: unknown key; did you mean poisson?",
        "{poisson: {rate: 3}} | {} | traffic[0].arrivals: got 0 keys, allowed one",
        "{poisson: {rate: 3}} | 3 | traffic[0].arrivals: got 3, allowed a mapping of poisson, gamma",
        "min: 64, max: 512 | min: 640, max: 512 | traffic[0].input.uniform.max: got 512, allowed 640 to 1000000",
        "min: 64, max: 512 | max: 512 | traffic[0].input.uniform: needs the key min",
        "cached: 0.25 | cached: 25 | 10:13: traffic[0].cached: got 25.0, allowed 0 to 1",
        "output: 128 | output: 0 | traffic[1].output: got 0, allowed 1 to 1000000",
        "priority: -1 | priority: high | traffic[1].priority: got high, allowed a whole number",
        "end: 1m | end: 1s | traffic[1].end: must be after the start",
        "flowPerSession: true | flowPerSession: yes | agents[0].flowPerSession: got yes, allowed true or false",
        "timeScale: 0.5 | timeScale: 0 | traces[0].timeScale: got 0.0, allowed > 0 to 1e6",
        "count: 2 | tenant: again | traffic[0].tenant: is listed twice",
        "agents: | agents: [ | is no YAML: ",
      })
  void namesPlacePathAndFault(String right, String wrong, String fault) {
    var yaml = ALL.replaceFirst(Pattern.quote(right), wrong);

    assertThatThrownBy(() -> WorkloadFile.parse(folder.resolve("w.yaml"), yaml))
        .isInstanceOf(InvalidWorkloadException.class)
        .hasMessageStartingWith(folder.resolve("w.yaml") + ":")
        .hasMessageContaining(fault);
  }

  @Test
  void refusesADescriptionOfNothing() {
    assertThatThrownBy(() -> WorkloadFile.parse(Path.of("w.yaml"), ""))
        .hasMessage("w.yaml: is empty; allowed: duration, traffic, agents, traces");
    assertThatThrownBy(() -> WorkloadFile.parse(Path.of("w.yaml"), "duration: 1m\n"))
        .hasMessage("w.yaml:1:1: describes no traffic, agents or traces");
    assertThatThrownBy(() -> WorkloadFile.read(folder.resolve("none.yaml")))
        .hasMessageEndingWith("none.yaml: there is no such file");
  }

  @Test
  void generatedRequestsHaveThePriorityAndTheTimeToLiveOfTheirTenantUnlessTheFileSaysThem()
      throws IOException {
    var file = folder.resolve("generated.yaml");
    Files.writeString(
        file,
        """
        traffic:
          - {tenant: gold, arrivals: {regular: {rate: 10}}, input: 10, output: 10}
          - {tenant: gold, flow: own, priority: 3, ttl: 1s, arrivals: {regular: {rate: 10}}, input: 10, output: 10}
          - {tenant: guest, arrivals: {regular: {rate: 10}}, input: 10, output: 10}
        agents:
          - {tenant: batch, sessions: {regular: {rate: 10}}, input: 10, output: 10}
        """);
    var tenants =
        Map.of(
            "gold", new TenantRules(10, Set.of(), 5 * SECOND, false),
            "batch", new TenantRules(-1, Set.of(), -1, false));

    var seen = new TreeSet<String>();
    var requests = WorkloadFile.read(file).open(1, SECOND, tenants);
    for (var next = requests.next(); next != null; next = requests.next()) {
      seen.add(next.flow() + " " + next.priority() + " " + next.ttlNanos());
    }

    assertThat(seen)
        .containsExactly("batch -1 -1", "gold 10 5000000000", "guest 0 -1", "own 3 1000000000");
  }
}
