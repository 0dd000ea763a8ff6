package dev.sluice.server.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.endpoints.EndpointView;
import dev.sluice.flowcontrol.contracts.RegistryView;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/** The words on the page {@code /debug/flows}. */
final class DebugPageTest {
  private static final DebugView VIEW =
      new DebugView(
          new RegistryView(7, 0.5, 3, 300, 2, 0, 1_000, true, List.of()),
          List.of(endpoint("a", 4, 25), endpoint("b", 0, -1)));

  private static EndpointView endpoint(String id, int maxRequests, long sampleAgeMillis) {
    return new EndpointView(
        id,
        "http://" + id,
        "HEALTHY",
        "IN",
        "",
        0,
        0,
        2,
        maxRequests,
        List.of("m", "n"),
        "",
        "",
        1,
        2,
        0.25,
        sampleAgeMillis);
  }

  @Test
  void theLimitOfAnEndpointIsOneOnRunningRequests() {
    var out = new ByteArrayOutputStream();
    DebugPage.writeJson(VIEW, out);

    var endpoint = new JsonMapper().readTree(out.toByteArray()).at("/endpoints/0");
    assertThat(endpoint.at("/maxRunningRequests").intValue()).isEqualTo(4);
    assertThat(endpoint.has("maxQueuedRequests")).isFalse();
  }

  @Test
  void peopleReadTimesLimitsAndListsWithoutHavingToKnowTheirNumbers() {
    var page = new String(DebugPage.text(VIEW), StandardCharsets.UTF_8);

    assertThat(page.lines().map(line -> line.strip().replaceAll(" +", " ")))
        .contains("maxQueuedRequests: none", "maxQueuedBytes: 1000", "bands: none")
        .contains("a http://a HEALTHY IN 0 0 2 4 m, n 1 2 0.250 25 ms")
        .contains("b http://b HEALTHY IN 0 0 2 none m, n 1 2 0.250 -");
    assertThat(page)
        .as("a time without a date, and columns without any value")
        .doesNotContain("takenAt", "ejectionReason", "Trouble");
  }
}
