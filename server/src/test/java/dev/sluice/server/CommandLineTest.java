package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.modelserver.Adapter;
import dev.sluice.modelserver.ModelServerOptions;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The commands, as a user types them. */
class CommandLineTest {
  @TempDir private Path folder = Path.of("");

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    return SluiceCommand.commandLine()
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(arguments);
  }

  @Test
  void listsItsCommands() {
    assertThat(run("--help")).isZero();
    assertThat(out.toString()).contains("demo", "serve", "check", "modelserver", "bench");
    assertThat(run("--version")).isZero();
    assertThat(out.toString()).contains("sluice ");
  }

  @Test
  void checkSaysThatAFileIsGoodOrWhatIsWrongWithIt() throws Exception {
    var good = folder.resolve("good.yaml");
    Files.writeString(good, "pool: {endpoints: [{url: \"http://127.0.0.1:8000\"}]}\n");
    var bad = folder.resolve("bad.yaml");
    Files.writeString(bad, "pool: {endpoints: [{url: \"ftp://x\"}]}\n");

    assertThat(run("check", good.toString())).isZero();
    assertThat(out.toString()).contains("is good: 1 endpoint, 0 tenants, ");
    assertThat(run("check", "--config", good.toString())).isZero();
    assertThat(run("check")).isEqualTo(2);
    assertThat(run("check", good.toString(), "--config", good.toString())).isEqualTo(2);
    assertThat(run("check", bad.toString())).isEqualTo(2);
    assertThat(err.toString())
        .contains("bad.yaml:1:26: pool.endpoints[0].url: got ftp://x, allowed http://host:port");
    assertThat(run("serve", "--config", bad.toString())).isEqualTo(2);
    assertThat(run("serve")).isEqualTo(2);
  }

  @Test
  void checkShowsWhichUrlsWillBeAsked() throws Exception {
    var file = folder.resolve("urls.yaml");
    Files.writeString(
        file,
        """
        pool:
          metricsPath: ""
          endpoints:
            - {id: plain, url: "http://127.0.0.1:8000"}
            - {id: prefixed, url: "https://models.test/llama/v1"}
        """);

    assertThat(run("check", file.toString())).isZero();

    assertThat(out.toString().replace(System.lineSeparator(), "\n"))
        .contains(
            """
            Endpoint plain: requests go to http://127.0.0.1:8000/... The gateway asks for
              health   http://127.0.0.1:8000/health
              metrics  nothing: metrics are not read
              models   http://127.0.0.1:8000/v1/models
            Endpoint prefixed: requests go to https://models.test/llama/... The gateway asks for
              health   https://models.test/llama/health
              metrics  nothing: metrics are not read
              models   https://models.test/llama/v1/models
            """);
  }

  @Test
  void checkWarnsOfWhatIsAllowedButHardlyMeant() throws Exception {
    var file = folder.resolve("guests.yaml");
    Files.writeString(
        file,
        """
        gateway: {anonymous: {tenant: guests}}
        pool: {endpoints: [{url: "http://127.0.0.1:8000"}]}
        tenants:
          - {id: guests}
          - {id: batch, priority: -1, apiKeySha256: [%s]}
        """
            .formatted("ab".repeat(32)));

    assertThat(run("check", file.toString())).isZero();
    assertThat(out.toString())
        .contains("warning: ", "guests.yaml:5:", "so the tenant gains by leaving its key out")
        .contains("is good: ");
  }

  @Test
  void checkWarnsOfNamesWithoutAnAddressAndOfWaitsLongerThanThoseOfClients() throws Exception {
    var file = folder.resolve("hopeless.yaml");
    Files.writeString(
        file,
        """
        admin: {host: admin.invalid}
        pool:
          endpoints:
            - {url: "http://127.0.0.1:8000"}
            - {url: "http://gpu-1.invalid:8000/v1"}
        tenants: [{id: default-flow, ttl: 20m}]
        flowControl: {defaultRequestTTL: 0s, priorityBands: [{priority: 1, ttl: 10m}]}
        """);

    assertThat(run("check", file.toString())).isZero();
    assertThat(out.toString())
        .contains("hopeless.yaml:1:15: admin.host: the name admin.invalid has no address")
        .contains(
            "hopeless.yaml:5:13: pool.endpoints[1].url: the name gpu-1.invalid has no address")
        .contains("hopeless.yaml:6:35: tenants[0].ttl: requests may wait 1200 s, but ")
        .contains("flowControl.defaultRequestTTL: requests may wait for ever, but ")
        .doesNotContain("pool.endpoints[0].url", "priorityBands[0]");
  }

  @Test
  void demoRefusesADurationThatIsNone() {
    assertThat(run("demo", "--duration", "soon")).isEqualTo(2);
    assertThat(err.toString()).contains("got soon, allowed a time such as 30s or 2m");
  }

  @Test
  void modelServerIsMadeOfItsOptions() {
    var command = new ModelServerCommand();
    new CommandLine(command)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .parseArgs(
            ("--port 0 --model a --model b --adapter x --adapter y=b --max-adapters 2 --jitter 0.2"
                    + " --seed 9 --running 3 --kv-tokens 640 --first-token-millis 5"
                    + " --token-millis 2 --fault slow --fault-header")
                .split(" "));

    assertThat(command.options())
        .isEqualTo(
            ModelServerOptions.builder()
                .models(List.of("a", "b"))
                .adapters(List.of(new Adapter("x", "a"), new Adapter("y", "b")))
                .maxAdapters(2)
                .jitter(0.2)
                .seed(9)
                .maxRunningSequences(3)
                .kvTokens(640)
                .timeToFirstToken(Duration.ofMillis(5))
                .timePerOutputToken(Duration.ofMillis(2))
                .faultHeader(true)
                .build());
  }

  @Test
  void modelServerRefusesOptionsThatMakeNoSense() {
    assertThat(run("modelserver", "--port", "0", "--jitter", "2")).isEqualTo(2);
    assertThat(err.toString()).contains("jitter: got 2.0, allowed 0 to 1");
    assertThat(run("modelserver", "--port", "0", "--adapter", "a=b")).isEqualTo(2);
    assertThat(err.toString()).contains("adapters: a adapts b, which is not served");
    assertThat(run("modelserver", "--port", "0", "--fault", "nonsense")).isEqualTo(2);
    assertThat(err.toString()).contains("NONE, REFUSE, HANG, RESET, SLOW, ERROR, GARBAGE");
  }
}
