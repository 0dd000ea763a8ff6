package dev.sluice.server.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The output of the demo, on a terminal and elsewhere. */
final class DemoScreenTest {
  private static final DemoSummary.Percentiles WAITED = new DemoSummary.Percentiles(12, 345);
  private static final List<TenantRecord.Snapshot> TENANTS =
      DemoPlan.TENANTS.stream()
          .map(tenant -> new TenantRecord.Snapshot(tenant, 61, 2, 3, 40, 15, 1, WAITED, WAITED))
          .toList();

  private final StringWriter out = new StringWriter();

  private DemoScreen screen(boolean terminal) {
    return new DemoScreen(new PrintWriter(out), terminal);
  }

  @Test
  void saysWhatEachTenantAsksFor() {
    screen(false).introduce(DemoPlan.of(Duration.ofSeconds(1)), Duration.ofSeconds(1), false);

    assertThat(out.toString())
        .contains("3 simulated model servers")
        .containsPattern("gold +priority +10 +asks for 0\\.50 ")
        .containsPattern("silver-a +priority +0 +asks for 0\\.75 ")
        .containsPattern("silver-b +priority +0 +asks for 0\\.75 ")
        .containsPattern("batch +priority +-1 +asks for 1\\.00 ");
  }

  @Test
  void drawsOverItsLastPictureOnATerminal() {
    var screen = screen(true);
    screen.draw(Duration.ofSeconds(1), TENANTS, 0.5, null);
    var first = out.toString();
    out.getBuffer().setLength(0);

    screen.draw(Duration.ofSeconds(2), TENANTS, 1.0, null);

    var lines = first.lines().count();
    assertThat(lines).isEqualTo(2 + DemoPlan.TENANTS.size());
    assertThat(out.toString()).startsWith("\u001b[" + lines + "A").hasLineCount((int) lines);
    assertThat(first)
        .contains("saturation [##########          ] 0.50")
        .containsPattern("sent +running +queued +done +refused +failed +wait p50/p99")
        .containsPattern("gold +10 +61 +2 +3 +40 +15 +1 +12 / 345 ms");
  }

  @Test
  void showsTheRunWithoutFlowControlBesideIt() {
    screen(true).draw(Duration.ofSeconds(1), TENANTS, 0.5, TENANTS);

    assertThat(out.toString()).contains("with flow control", "without flow control");
  }

  @Test
  void writesALineWhereThereIsNoTerminal() {
    screen(false).draw(Duration.ofSeconds(5), TENANTS, 0.5, null);

    assertThat(out.toString())
        .hasLineCount(1)
        .doesNotContain("\u001b")
        .contains("  5 s  saturation 0.50")
        .contains("| gold: 61 sent, 2 running, 3 queued, 40 done, 15 refused, wait 12 / 345 ms");
  }
}
