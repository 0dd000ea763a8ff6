package dev.sluice.simulation.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reads published traces, if they are in a folder beside the checkout. */
final class RecordedTracesTest {
  private static final String FOLDER = "shared/traces";

  @ParameterizedTest
  @CsvSource({
    "azure-2023-code.csv, 8819, 1",
    "azure-2023-conv.csv, 19366, 1",
    "vtc-arena.csv, 1500, 27",
    "mooncake-conversation.jsonl, 12031, 1"
  })
  void readsEveryRequest(String name, int rows, int tenants) throws IOException {
    var file = beside(name);
    assumeTrue(Files.exists(file), "no " + file);

    var arrivals = OpenTrafficTest.all(Traces.open(file, TraceOptions.DEFAULT));

    assertThat(arrivals).hasSize(rows);
    assertThat(arrivals).extracting(Arrival::atNanos).isSorted().first().isEqualTo(0L);
    assertThat(arrivals.stream().map(Arrival::tenant).distinct()).hasSize(tenants);
    assertThat(arrivals.stream().mapToLong(Arrival::cachedInputTokens).sum() > 0)
        .isEqualTo(name.startsWith("mooncake"));
  }

  /** The folder beside the checkout. The test may run in any folder of the checkout. */
  private static Path beside(String name) {
    var folder = Path.of("").toAbsolutePath();
    while (folder.getParent() != null && !Files.isDirectory(folder.resolve(FOLDER))) {
      folder = folder.getParent();
    }
    return folder.resolve(FOLDER).resolve(name);
  }
}
