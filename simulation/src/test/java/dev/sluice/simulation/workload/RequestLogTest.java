package dev.sluice.simulation.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RequestLogTest {
  @TempDir private Path folder = Path.of("");

  /** {@code /dev/full} is a disk without space. */
  @Test
  void goesOnWhenThereIsSpaceAgainAndCountsWhatItLost() throws IOException {
    var full = Path.of("/dev/full");
    Assumptions.assumeTrue(Files.exists(full));
    var file = folder.resolve("requests.jsonl");
    Files.createSymbolicLink(file, full);
    var time = Instant.parse("2026-03-01T10:00:00Z");

    try (var log = new RequestLog(file, 1 << 20)) {
      log.record(entry("lost", time));
      await().atMost(Duration.ofSeconds(60)).until(() -> log.dropped() == 1);
      Files.delete(file);
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> {
            log.record(entry("kept", time));
            return Files.exists(file) && Files.size(file) > 0;
          });
    }

    assertThat(Files.readString(file)).contains("kept").doesNotContain("lost");
  }

  @Test
  void whatWasRecordedIsReplayedAsItWas() throws IOException {
    var file = folder.resolve("requests.jsonl");

    try (var log = new RequestLog(file, 1 << 20)) {
      log.record(
          new RequestLog.Entry(
              Instant.parse("2026-03-01T10:00:00.150Z"),
              "id",
              "té\"nant\n",
              "flow",
              -2,
              "model",
              "adapter",
              "endpoint",
              500,
              100,
              42,
              64,
              2_000_000_000L,
              30_000_000_000L,
              2_048,
              200,
              "Dispatched",
              "",
              100_000_000,
              5,
              100_000_005,
              100_000_006,
              100_000_007));
      log.record(entry("plain", Instant.parse("2026-03-01T10:00:00Z")));
    }

    assertThat(OpenTrafficTest.all(Traces.open(file, TraceOptions.DEFAULT)))
        .containsExactly(
            new Arrival(0, "plain", "plain", 0, "", "", 10, 0, 20, -1, -1, -1, 40, List.of()),
            new Arrival(
                250_000_000,
                "té\"nant\n",
                "flow",
                -2,
                "model",
                "adapter",
                500,
                100,
                42,
                64,
                2_000_000_000L,
                30_000_000_000L,
                2_048,
                List.of()));
  }

  @Test
  void keepsTheLastFullFileAndBeginsAnew() throws IOException {
    var file = folder.resolve("requests.jsonl");

    try (var log = new RequestLog(file, 1_024)) {
      for (var i = 0; i < 30; i++) {
        log.record(entry("t" + i, Instant.EPOCH));
      }
    }

    var previous = folder.resolve("requests.jsonl.1");
    assertThat(Files.size(file)).isBetween(1L, 1_024L);
    assertThat(Files.size(previous)).isBetween(1L, 1_024L);
    assertThat(Files.readAllLines(file).getLast()).contains("\"t29\"");
    assertThat(Files.readAllLines(previous).size() + Files.readAllLines(file).size())
        .isLessThan(30);
  }

  @Test
  void appendsToWhatIsThere() throws IOException {
    var file = folder.resolve("requests.jsonl");

    for (var tenant : List.of("one", "two")) {
      try (var log = new RequestLog(file, 1 << 20)) {
        log.record(entry(tenant, Instant.EPOCH));
      }
    }

    assertThat(Files.readAllLines(file)).hasSize(2);
  }

  @Test
  void takesEveryLineWholeFromManyThreads() throws Exception {
    var file = folder.resolve("requests.jsonl");
    var threads = new ArrayList<Thread>();

    try (var log = new RequestLog(file, 1 << 24)) {
      for (var t = 0; t < 4; t++) {
        var tenant = "t" + t;
        threads.add(
            Thread.ofVirtual()
                .start(() -> {
                  for (var i = 0; i < 500; i++) {
                    log.record(entry(tenant, Instant.EPOCH));
                  }
                }));
      }
      for (var thread : threads) {
        thread.join();
      }
      assertThat(log.dropped()).isZero();
    }

    assertThat(OpenTrafficTest.all(Traces.open(file, TraceOptions.DEFAULT))).hasSize(2_000);
  }

  @Test
  void countsWhatItLeavesOutAfterItsEnd() throws IOException {
    var log = new RequestLog(folder.resolve("requests.jsonl"), 1 << 20);
    log.close();

    log.record(entry("late", Instant.EPOCH));

    assertThat(log.dropped()).isEqualTo(1);
  }

  private static RequestLog.Entry entry(String tenant, Instant time) {
    return new RequestLog.Entry(
        time,
        "",
        tenant,
        tenant,
        0,
        "",
        "",
        "",
        10,
        0,
        20,
        -1,
        -1,
        -1,
        40,
        0,
        "Dispatched",
        "",
        -1,
        1,
        -1,
        -1,
        -1);
  }
}
