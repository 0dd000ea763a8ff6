package dev.sluice.simulation.report;

import java.util.List;

/** The part of the HTML report that says what made it. */
final class ProvenanceSection {
  private final StringBuilder page = new StringBuilder();

  private ProvenanceSection() {}

  /** The section; empty if nothing is known. */
  static String of(Provenance made) {
    if (made.equals(Provenance.UNKNOWN)) {
      return "";
    }
    var section = new ProvenanceSection();
    section.write(made);
    return section.page.toString();
  }

  private void write(Provenance made) {
    page.append("<section>\n<h2>How this was made</h2>\n");
    page.append("<p>By ").append(Html.escape(made.program())).append(", with this command:</p>\n");
    text(made.command());
    page.append("<div class=\"pairs\">\n");
    facts("Workload", made.workload());
    facts("Simulated pool", made.pool());
    for (var configuration : made.configurations()) {
      facts("Policies of " + configuration.run(), configuration.policies());
    }
    page.append("</div>\n");
    if (!made.workloadText().isEmpty()) {
      details("The workload's description", made.workloadText());
    }
    for (var configuration : made.configurations()) {
      details(
          "Configuration " + configuration.run() + ", from " + configuration.file(),
          configuration.text());
    }
    page.append("</section>\n");
  }

  private void facts(String title, List<Provenance.Fact> facts) {
    page.append("<div class=\"scroll\"><table class=\"wide\">\n<thead><tr><th colspan=\"2\">")
        .append(Html.escape(title))
        .append("</th></tr></thead>\n<tbody>\n");
    for (var fact : facts) {
      page.append("<tr><th>")
          .append(Html.escape(fact.name()))
          .append("</th><td class=\"value\">")
          .append(Html.escape(fact.value()))
          .append("</td></tr>\n");
    }
    page.append("</tbody></table></div>\n");
  }

  private void details(String title, String text) {
    page.append("<details><summary>").append(Html.escape(title)).append("</summary>\n");
    text(text);
    page.append("</details>\n");
  }

  private void text(String text) {
    page.append("<pre>").append(Html.escape(text)).append("</pre>\n");
  }
}
