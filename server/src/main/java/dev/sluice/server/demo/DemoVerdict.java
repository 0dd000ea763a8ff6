package dev.sluice.server.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The sentences at the end of the demo, which say what its numbers show. */
final class DemoVerdict {
  private DemoVerdict() {}

  /** The sentences, each in a line. They claim only what was measured. */
  static List<String> of(DemoSummary summary) {
    var with = summary.withFlowControl();
    var first = with.tenants().getFirst();
    var last = with.tenants().getLast();
    var lines = new ArrayList<String>();
    if (first.done() == 0) {
      return List.of("Too little was served to show anything. Let the demo run longer.");
    }
    lines.add(
        String.format(
            Locale.ROOT,
            "The tenants asked for %.1f times what the pool can serve. Of the most important",
            DemoPlan.TENANTS.stream().mapToDouble(DemoPlan.Tenant::load).sum()));
    lines.add(
        String.format(
            Locale.ROOT,
            "one, %s, %d %% were served, and half began within %.0f ms; of the least",
            first.id(),
            percentDone(first),
            first.waitMillis().p50()));
    lines.add(
        String.format(
            Locale.ROOT, "important one, %s, %d %% were served.", last.id(), percentDone(last)));
    var without = summary.withoutFlowControl();
    if (without != null) {
      lines.add(withoutFlowControl(without.tenants().getFirst()));
    }
    if (with.cut() > 0 || (without != null && without.cut() > 0)) {
      lines.add("The percentages leave out the requests that Ctrl-C cut off.");
    }
    return lines;
  }

  private static String withoutFlowControl(DemoSummary.Tenant first) {
    return first.done() == 0
        ? String.format("Without flow control, no request of %s was served.", first.id())
        : String.format(
            Locale.ROOT,
            "Without flow control, %d %% of %s were served, and half began within %.0f ms.",
            percentDone(first),
            first.id(),
            first.waitMillis().p50());
  }

  private static int percentDone(DemoSummary.Tenant tenant) {
    var ended = tenant.offered() - tenant.cut();
    return ended == 0 ? 0 : Math.round(100f * tenant.done() / ended);
  }
}
