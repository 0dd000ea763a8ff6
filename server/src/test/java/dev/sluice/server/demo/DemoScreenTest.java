package dev.sluice.server.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The output of the demo, on a terminal and elsewhere. */
final class DemoScreenTest {
  private static final DemoSummary.Percentiles WAITED = new DemoSummary.Percentiles(12, 345);
  private static final List<TenantRecord.Snapshot> TENANTS =
      DemoPlan.TENANTS.stream()
          .map(tenant -> new TenantRecord.Snapshot(tenant, 61, 2, 3, 40, 15, 1, 0, WAITED, WAITED))
          .toList();

  private final StringWriter out = new StringWriter();

  private DemoScreen screen(boolean terminal) {
    return new DemoScreen(
        new PrintWriter(out), Look.of(terminal, Map.of("TERM", "xterm-256color")));
  }

  private static DemoSummary summary(int cut) {
    var wide = new DemoSummary.Percentiles(12_345, 15_000);
    var tenants =
        DemoPlan.TENANTS.stream()
            .map(t ->
                new DemoSummary.Tenant(
                    t.id(), t.priority(), 99_999, 99_990 - cut, 9, 0, cut, wide, wide))
            .toList();
    var run = new DemoSummary.Run(3_600, 399_996, 399_960, 36, 0, cut, 0, 12_345, tenants);
    return new DemoSummary(run, run);
  }

  @Test
  void fitsIntoEightyColumnsAndTwentyFourRows() {
    var screen = screen(true);
    screen.introduce(DemoPlan.of(Duration.ofHours(1)), Duration.ofHours(1), true);
    screen.draw(Duration.ofHours(1), TENANTS, 0.99, TENANTS);
    assertThat(out.toString().lines().count()).isLessThan(24);
    screen.summarize(summary(0));
    screen.summarize(summary(999));
    screen(false).draw(Duration.ofHours(1), TENANTS, 0.99, TENANTS);

    assertThat(out.toString().replaceAll("\u001b\\[\\d*[A-Za-z]", "").lines())
        .allSatisfy(line -> assertThat(line.length()).as(line).isLessThanOrEqualTo(80));
  }

  @Test
  void asksTheEnvironmentWhetherItMayDrawAndBeBold() {
    assertThat(Look.of(true, Map.of("TERM", "xterm"))).isEqualTo(new Look(true, true));
    assertThat(Look.of(true, Map.of("TERM", "xterm", "NO_COLOR", "1")))
        .isEqualTo(new Look(true, false));
    assertThat(Look.of(true, Map.of("TERM", "xterm", "NO_COLOR", "")))
        .isEqualTo(new Look(true, true));
    assertThat(Look.of(true, Map.of("TERM", "dumb"))).isEqualTo(Look.PLAIN);
    assertThat(Look.of(true, Map.of())).isEqualTo(Look.PLAIN);
    assertThat(Look.of(false, Map.of("TERM", "xterm"))).isEqualTo(Look.PLAIN);

    new DemoScreen(new PrintWriter(out), new Look(true, false))
        .draw(Duration.ofSeconds(1), TENANTS, 0.5, null);
    assertThat(out.toString()).doesNotContain("\u001b[1m");
  }

  @Test
  void endsWithSentencesThatSayWhatItShowed() {
    screen(false).summarize(summary(0));

    assertThat(out.toString())
        .contains("The tenants asked for 3.0 times what the pool can serve.")
        .contains("gold, 100 % were served, and half began within 12345 ms;")
        .endsWith(
            "Without flow control, 100 % of gold were served, and half began within 12345 ms.\n");
  }

  @Test
  void showsTheRequestsThatCtrlCCutInTheirRowsAndInTheSentences() {
    screen(false).summarize(summary(90_000));

    assertThat(out.toString())
        .containsPattern("sent +done +refused +failed +cut +wait p50/p99")
        .containsPattern("gold +10 +99999 +9990 +9 +0 90000 ")
        .endsWith("The percentages leave out the requests that Ctrl-C cut off.\n");
  }

  @Test
  void saysThatNothingWasServedWithoutFlowControl() {
    var served = summary(0).withFlowControl();
    var gold = served.tenants().getFirst();
    var nothing =
        new DemoSummary.Run(
            1,
            9,
            0,
            0,
            0,
            9,
            0,
            0,
            List.of(
                new DemoSummary.Tenant(
                    gold.id(), 10, 9, 0, 0, 0, 9, gold.waitMillis(), gold.firstByteMillis())));

    screen(false).summarize(new DemoSummary(served, nothing));

    assertThat(out.toString())
        .contains("Without flow control, no request of gold was served.")
        .contains("that Ctrl-C cut off");
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
        .containsPattern("gold +10 +61 +2 +3 +40 +15 +1 +12/345 ms");
  }

  @Test
  void showsTheRunWithoutFlowControlBesideIt() {
    screen(true).draw(Duration.ofSeconds(1), TENANTS, 0.5, TENANTS);

    assertThat(out.toString()).contains("with flow control", "without flow control");
  }

  @Test
  void writesWithoutControlsWhereThereIsNoTerminal() {
    screen(false).draw(Duration.ofSeconds(5), TENANTS, 0.5, null);

    assertThat(out.toString())
        .hasLineCount(2 + DemoPlan.TENANTS.size() + 1)
        .doesNotContain("\u001b")
        .contains("  5 s  saturation 0.50")
        .containsPattern("gold +10 +61 +2 +3 +40 +15 +1 +12/345 ms");
  }
}
