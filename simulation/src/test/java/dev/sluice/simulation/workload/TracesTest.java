package dev.sluice.simulation.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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
        "{\"timestamp\": -1, \"input_length\": 1, \"output_length\": 1} | :2: timestamp: got -1",
        "{\"timestamp\": \"x\", \"input_length\": 1} | :2: timestamp: got x, allowed a number",
        "{\"timestamp\": 1, \"requests\": [3]} | :2: requests: got 3 in the list, allowed objects",
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
        .hasMessageContaining("allowed .csv and .jsonl; name the columns");
  }

  @Test
  void takesMooncakesTimesWithAFraction() throws IOException {
    var arrivals = read("m.jsonl", MOONCAKE.replace("\": 30,", "\": 30.25,"), TraceOptions.DEFAULT);

    assertThat(arrivals).extracting(Arrival::atNanos).contains(0L, 30_250_000L, 60_000_000L);
  }

  @Test
  void readsBurstGptWithAndWithoutSessions() throws IOException {
    var csv =
        """
        Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type
        5,s1,2.5,ChatGPT,472,18,490,Conversation log
        45.5,s2,1,GPT-4,1087,30,1117,API log
        118,s1,0,GPT-4,417,0,417,Conversation log
        """;
    var arrivals = read("b.csv", csv, TraceOptions.DEFAULT);

    assertThat(arrivals)
        .extracting(Arrival::atNanos)
        .containsExactly(0L, 40_500_000_000L, 113_000_000_000L);
    assertThat(arrivals).extracting(Arrival::model).containsExactly("ChatGPT", "GPT-4", "GPT-4");
    assertThat(arrivals).extracting(Arrival::inputTokens).containsExactly(472L, 1_087L, 417L);
    assertThat(arrivals)
        .extracting(Arrival::outputTokens)
        .as("a failure is replayed with the mean")
        .containsExactly(18L, 30L, 24L);
    var old =
        """
        Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type
        5,ChatGPT,472,18,490,Conversation log
        """;
    assertThat(read("o.csv", old, TraceOptions.DEFAULT)).hasSize(1);
  }

  @Test
  void readsBailiansSecondsAndSmallBlocks() throws IOException {
    var first = IntStream.range(0, 70).mapToObj(String::valueOf).collect(Collectors.joining(","));
    var other = "999," + first.substring(2);
    var line =
        "{\"chat_id\":%d,\"parent_chat_id\":-1,\"timestamp\":%s,\"input_length\":1120,"
            + "\"output_length\":7,\"type\":\"text\",\"turn\":1,\"hash_ids\":[%s]}%n";
    var arrivals =
        read(
            "q.jsonl",
            line.formatted(1, "61.114", first)
                + line.formatted(2, "62.5", first)
                + line.formatted(3, "63", other),
            TraceOptions.DEFAULT);

    assertThat(arrivals)
        .extracting(Arrival::atNanos)
        .containsExactly(0L, 1_386_000_000L, 1_886_000_000L);
    assertThat(arrivals).extracting(Arrival::cachedInputTokens).containsExactly(0L, 1_120L, 0L);
    assertThat(arrivals).allSatisfy(a -> assertThat(a.prefixBlocks()).hasSize(2));
    assertThat(arrivals.get(0).prefixBlocks()).isEqualTo(arrivals.get(1).prefixBlocks());
    assertThat(arrivals.get(2).prefixBlocks())
        .doesNotContainAnyElementsOf(arrivals.get(0).prefixBlocks());
  }

  @Test
  void readsEachRequestOfAnAibrixWorkload() throws IOException {
    var jsonl =
        """
        {"timestamp": 19, "requests": [{"prompt": "12345678", "prompt_length": null, "output_length": null, "session_id": 0}, {"prompt": "x", "prompt_length": 101, "output_length": 9}]}
        {"timestamp": 1019, "requests": [{"prompt": "y", "prompt_length": 7, "output_length": 11}]}
        """;
    var arrivals = read("a.jsonl", jsonl, TraceOptions.DEFAULT);

    assertThat(arrivals).extracting(Arrival::atNanos).containsExactly(0L, 0L, 1_000_000_000L);
    assertThat(arrivals).extracting(Arrival::inputTokens).containsExactly(2L, 101L, 7L);
    assertThat(arrivals).extracting(Arrival::outputTokens).containsExactly(10L, 9L, 11L);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Tenant", "tenant_id", "TenantId", "Client", "user"})
  void takesAzuresTenantsFromAColumn(String column) throws IOException {
    var csv =
        "TIMESTAMP,ContextTokens,GeneratedTokens,%s%n2026-01-31 00:00:00,1,2,a%n2026-01-31 00:00:01.5,1,2,b%n"
            .formatted(column);

    assertThat(read("a.csv", csv, TraceOptions.DEFAULT))
        .extracting(Arrival::tenant)
        .containsExactly("a", "b");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "x.csv | time=at,input=in,output=out,tenant=who,model=m,priority=p",
        "x.jsonl | time=at,input=in,output=out,tenant=who,model=m,priority=p",
        "x.log | time=3,input=5,output=6,tenant=2,model=7,priority=8",
      })
  void readsALogWhoseColumnsAreNamed(String name, String columns) throws IOException {
    var log =
        switch (name) {
          case "x.csv" ->
              """
              who,at,in,out,m,p
              ann,2026-01-31T12:00:00.250Z,10,20,big,3
              -,2026-01-31 12:00:01,,,,
              bob,1769860802.25,30,-,,
              """;
          case "x.jsonl" ->
              """
              {"who":"ann","at":"2026-01-31T13:00:00.250+01:00","in":10,"out":20,"m":"big","p":3}
              {"who":null,"at":"2026-01-31T12:00:01Z"}
              {"who":"bob","at":1769860802250,"in":30,"out":null,"deep":{"x":[1]}}
              """;
          default ->
              """
              10.0.0.1 ann [31/Jan/2026:12:00:00 +0000] "POST /v1/chat/completions HTTP/1.1" 10 20 big 3
              10.0.0.1 - [31/Jan/2026:12:00:01 +0000] "GET /health HTTP/1.1" - - - -
              10.0.0.2 bob [31/Jan/2026:13:00:02 +0100] "POST /v1/\\"x HTTP/1.1" 30 - - -
              """;
        };
    var file = Files.writeString(folder.resolve(name), log);
    var described = WorkloadFile.read(file, TraceColumns.parse(columns));

    var arrivals = OpenTrafficTest.all(described.open(0, described.durationNanos()));

    assertThat(arrivals).extracting(Arrival::atNanos).containsExactly(0L, 2_000_000_000L);
    assertThat(arrivals).extracting(Arrival::tenant).containsExactly("ann", "bob");
    assertThat(arrivals).extracting(Arrival::priority).containsExactly(3, 0);
    assertThat(arrivals).extracting(Arrival::model).containsExactly("big", "");
    assertThat(arrivals).extracting(Arrival::inputTokens).containsExactly(10L, 30L);
    assertThat(arrivals).extracting(Arrival::outputTokens).containsExactly(20L, 20L);
  }

  @Test
  void saysWhatIsWrongWithNamedColumns() throws IOException {
    assertThatThrownBy(() -> TraceColumns.parse("time=a,inpt=b"))
        .hasMessage(
            "columns: got inpt=b, allowed FIELD=COLUMN with a FIELD of time, tenant, model,"
                + " priority, input, output");
    assertThatThrownBy(() -> TraceColumns.parse("time=a"))
        .hasMessage("columns: input is missing in time=a");
    assertThatThrownBy(() -> TraceColumns.parse("time=a,input=b,input=c"))
        .hasMessage("columns: input is listed twice");
    var columns = TraceColumns.parse("time=t,input=i");
    var csv = Files.writeString(folder.resolve("x.csv"), "t,j\n1,2\n");
    assertThatThrownBy(() -> WorkloadFile.read(csv, columns).lengthNanos())
        .hasMessageContaining("x.csv:1: has no column i, it has t,j");
    var bad = Files.writeString(folder.resolve("y.csv"), "t,i\n1,2\nnoon,3\n");
    assertThatThrownBy(() -> WorkloadFile.read(bad, columns).lengthNanos())
        .hasMessageContaining("y.csv:3: t: got noon, allowed seconds such as 12.5, a Unix time");
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
