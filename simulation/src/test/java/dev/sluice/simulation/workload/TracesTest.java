package dev.sluice.simulation.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TracesTest {
  private static final String AZURE =
      """
      TIMESTAMP,ContextTokens,GeneratedTokens
      2026-01-31 23:59:59.7500000,480,10
      2026-02-01 00:00:00.0000001,318,8
      2026-02-01 00:00:02,11,27
      """;
  private static final String ARENA =
      """
      arrival_s,client,input_tokens,output_tokens
      0.000000,alice,13,199
      0.207938,bob,36,137
      """;
  private static final String MOONCAKE =
      """
      {"timestamp": 0, "input_length": 1100, "output_length": 5, "hash_ids": [0, 1, 2]}
      {"timestamp": 30, "input_length": 1500, "output_length": 6, "hash_ids": [0, 1, 9]}
      {"timestamp": 30, "input_length": 600, "output_length": 7, "hash_ids": [7, 1]}
      {"timestamp": 60, "input_length": 700, "output_length": 8, "hash_ids": [0, 1]}
      """;

  @TempDir private Path folder = Path.of("");

  @Test
  void readsAzuresTimesToTheirLastDigit() throws IOException {
    var arrivals = read("azure.csv", AZURE, TraceOptions.DEFAULT);

    assertThat(arrivals)
        .extracting(Arrival::atNanos)
        .containsExactly(0L, 250_000_100L, 2_250_000_000L);
    assertThat(arrivals).extracting(Arrival::inputTokens).containsExactly(480L, 318L, 11L);
    assertThat(arrivals).extracting(Arrival::outputTokens).containsExactly(10L, 8L, 27L);
    assertThat(arrivals).extracting(Arrival::tenant).containsOnly("trace");
  }

  @Test
  void readsAzuresTimesWithAnOffset() throws IOException {
    var csv =
        """
        TIMESTAMP,ContextTokens,GeneratedTokens
        2026-05-10 00:00:00.009930+00:00,1,2
        2026-05-10 00:00:01.009930+00:00,1,2
        """;

    assertThat(read("a.csv", csv, TraceOptions.DEFAULT))
        .extracting(Arrival::atNanos)
        .containsExactly(0L, 1_000_000_000L);
  }

  @Test
  void keepsTheArenasClientsAsTenants() throws IOException {
    var arrivals = read("arena.csv", ARENA, TraceOptions.DEFAULT);

    assertThat(arrivals).extracting(Arrival::tenant).containsExactly("alice", "bob");
    assertThat(arrivals).extracting(Arrival::flow).containsExactly("alice", "bob");
    assertThat(arrivals).extracting(Arrival::atNanos).containsExactly(0L, 207_938_000L);
  }

  @Test
  void countsThePromptsStartThatOccurredBeforeAsCached() throws IOException {
    var arrivals = read("m.jsonl", MOONCAKE, TraceOptions.DEFAULT);

    assertThat(arrivals)
        .extracting(Arrival::cachedInputTokens)
        .containsExactly(0L, 1_024L, 0L, 700L);
    assertThat(arrivals.getLast().prefixBlocks()).containsExactly(0L, 1L);
    assertThat(arrivals.getLast().atNanos()).isEqualTo(60_000_000);
  }

  @Test
  void sortsByTimeSinceALogIsWrittenAsRequestsEnd() throws IOException {
    var log =
        """
        {"time":"2026-01-01T00:00:05Z","tenant":"b","flow":"f","priority":3,"inputTokens":1,"outputTokens":2}
        {"time":"2026-01-01T00:00:01.5Z","tenant":"a","flow":"a","priority":-1,"inputTokens":1,"outputTokens":4}
        {"time":"2026-01-01T00:00:07Z","tenant":"c","flow":"c","priority":0,"inputTokens":1,"outputTokens":0,"outcome":"EvictedTTL","new":{"x":[1]}}
        """;

    var arrivals = read("log.jsonl", log, TraceOptions.DEFAULT);

    assertThat(arrivals).extracting(Arrival::tenant).containsExactly("a", "b", "c");
    assertThat(arrivals)
        .extracting(Arrival::atNanos)
        .containsExactly(0L, 3_500_000_000L, 5_500_000_000L);
    assertThat(arrivals).extracting(Arrival::priority).containsExactly(-1, 3, 0);
    assertThat(arrivals.getLast().outputTokens()).as("the mean of those served").isEqualTo(3);
  }

  @Test
  void scalesTimeRepeatsAndLimits() throws IOException {
    var twiceAsFast = new TraceOptions(0.5, 1, "one", 7, 9, 3, 5, 0);

    var arrivals = read("azure.csv", AZURE, twiceAsFast);

    assertThat(arrivals)
        .extracting(Arrival::atNanos)
        .containsExactly(0L, 125_000_050L, 1_125_000_000L, 1_687_500_000L, 1_812_500_050L);
    assertThat(arrivals).extracting(Arrival::tenant).containsOnly("one");
    assertThat(arrivals).extracting(Arrival::priority).containsOnly(7);
    assertThat(arrivals).extracting(Arrival::sloNanos).containsOnly(9L);
  }

  @Test
  void splitsOverTenantsByASeededHash() throws IOException {
    var options = new TraceOptions(1, 4, "t", 0, -1, 1_000, Long.MAX_VALUE, 1);

    var split = read("azure.csv", AZURE, options).stream().map(Arrival::tenant).toList();
    var again = read("azure.csv", AZURE, options).stream().map(Arrival::tenant).toList();
    var other =
        read("azure.csv", AZURE, options.withSeed(2)).stream().map(Arrival::tenant).toList();

    assertThat(split).isEqualTo(again).isNotEqualTo(other).hasSize(3_000);
    for (var tenant : List.of("t-1", "t-2", "t-3", "t-4")) {
      assertThat(split.stream().filter(tenant::equals).count()).isBetween(650L, 850L);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "2026-01-31,1,2 | 3: TIMESTAMP: got 2026-01-31, allowed a time such as 2023-11-16",
        "2026-01-31 00:00:00,x,2 | 3: ContextTokens: got x, allowed a whole number of tokens",
        "2026-01-31 00:00:00,1,-2 | 3: GeneratedTokens: got -2, allowed 0 to 1000000 tokens",
      })
  void namesFileLineAndFaultOfABadLineOfCsv(String line, String fault) {
    var csv = "TIMESTAMP,ContextTokens,GeneratedTokens\n2026-01-30 00:00:00,1,2\n" + line + "\n";

    assertThatThrownBy(() -> read("bad.csv", csv, TraceOptions.DEFAULT))
        .isInstanceOf(InvalidWorkloadException.class)
        .hasMessageContaining("bad.csv:" + fault);
  }

  @Test
  void namesTheLineThatLacksAField() {
    var csv = ARENA + "0.3,carol,7\n";

    assertThatThrownBy(() -> read("bad.csv", csv, TraceOptions.DEFAULT))
        .isInstanceOf(InvalidWorkloadException.class)
        .hasMessageContaining("bad.csv: ")
        .hasMessageContaining("4");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{\"timestamp\": 1.5, \"input_length\": 1, \"output_length\": 1} | :2: timestamp: got 1.5",
        "{\"timestamp\": 1, \"input_length\": 1} | :2: output_length: got nothing, allowed a whole",
        "{\"timestamp\": 1, \"input_length\": 1, \"output_length\": 1, \"hash_ids\": [\"a\"]}"
            + " | :2: hash_ids: got a in the list",
        "{\"timestamp\": 1, | :2: is not a JSON object",
        "[1] | :2: is not a JSON object",
        "{\"a\": 1} | :2: got the keys a, allowed timestamp, input_length",
        "{\"time\": \"noon\", \"inputTokens\": 1} | :2: time: got noon, allowed a time such as",
      })
  void namesFileLineAndFaultOfABadLineOfJson(String line, String fault) {
    var jsonl = "{\"timestamp\": 0, \"input_length\": 1, \"output_length\": 1}\n" + line + "\n";

    assertThatThrownBy(() -> read("bad.jsonl", jsonl, TraceOptions.DEFAULT))
        .isInstanceOf(InvalidWorkloadException.class)
        .hasMessageContaining("bad.jsonl" + fault);
  }

  @Test
  void refusesAHeaderOrNameOfNoKnownTrace() {
    assertThatThrownBy(() -> read("x.csv", "a,b\n1,2\n", TraceOptions.DEFAULT))
        .hasMessageContaining("x.csv:1: got the header a,b, allowed TIMESTAMP,ContextTokens");
    assertThatThrownBy(() -> read("x.csv", "TIMESTAMP\n", TraceOptions.DEFAULT))
        .hasMessageEndingWith("has no requests after its header");
    assertThatThrownBy(() -> read("x.txt", "", TraceOptions.DEFAULT))
        .hasMessageEndingWith("allowed .csv and .jsonl");
  }

  @Test
  void saysThatThereIsNoSuchFile() {
    assertThatThrownBy(() -> Traces.open(folder.resolve("none.csv"), TraceOptions.DEFAULT))
        .isInstanceOf(InvalidWorkloadException.class)
        .hasMessageEndingWith("none.csv: there is no such file");
  }

  private List<Arrival> read(String name, String content, TraceOptions options) throws IOException {
    var file = Files.writeString(folder.resolve(name), content);
    return OpenTrafficTest.all(Traces.open(file, options));
  }
}
