package dev.sluice.simulation.report;

import dev.sluice.simulation.run.GroupResult;
import dev.sluice.simulation.run.Series;
import dev.sluice.simulation.run.SimulationResult;
import java.io.Writer;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * A comparison as JSON, for programs. Times are in milliseconds unless a key says otherwise, and
 * parts of a whole are from 0 to 1. A value that was not measured is null. Series have a value for
 * each bucket.
 */
public final class JsonReport {
  private static final JsonFactory FACTORY = new JsonFactory();

  private final Comparison comparison;

  /** A report that {@link #write} writes. */
  public JsonReport(Comparison comparison) {
    this.comparison = comparison;
  }

  /** Writes the whole report, and closes {@code out}. */
  public void write(Writer out) {
    try (var json = FACTORY.createGenerator(ObjectWriteContext.empty(), out)) {
      json.writeStartObject();
      json.writeStringProperty("workload", comparison.workload());
      json.writeNumberProperty("seed", comparison.seed());
      madeBy(json, comparison.provenance());
      json.writeArrayPropertyStart("runs");
      for (var run : comparison.runs()) {
        json.writeStartObject();
        json.writeStringProperty("name", run.name());
        result(json, run.result());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
      json.writeRaw('\n');
    }
  }

  private static void madeBy(JsonGenerator json, Provenance made) {
    json.writeObjectPropertyStart("madeBy");
    json.writeStringProperty("program", made.program());
    json.writeStringProperty("command", made.command());
    facts(json, "workload", made.workload());
    json.writeStringProperty("workloadText", made.workloadText());
    facts(json, "pool", made.pool());
    json.writeArrayPropertyStart("configurations");
    for (var configuration : made.configurations()) {
      json.writeStartObject();
      json.writeStringProperty("run", configuration.run());
      json.writeStringProperty("file", configuration.file());
      facts(json, "policies", configuration.policies());
      json.writeStringProperty("text", configuration.text());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void facts(JsonGenerator json, String name, List<Provenance.Fact> facts) {
    json.writeObjectPropertyStart(name);
    facts.forEach(fact -> json.writeStringProperty(fact.name(), fact.value()));
    json.writeEndObject();
  }

  private static void result(JsonGenerator json, SimulationResult result) {
    json.writeNumberProperty("simulatedSeconds", result.simulatedSeconds());
    number(json, "jain", result.jain());
    number(json, "utilization", result.utilization());
    number(json, "idleWhileQueued", result.idleWhileQueued());
    json.writeNumberProperty("mostWaitingInServer", result.mostWaitingInServer());
    json.writeNumberProperty("preemptions", result.preemptions());
    json.writeNumberProperty("inversions", result.inversions());
    json.writeNumberProperty("reservedTurns", result.reservedTurns());
    json.writeNumberProperty("lateDispatches", result.lateDispatches());
    json.writeNumberProperty("open", result.open());
    json.writeStringProperty("decisionHash", Long.toHexString(result.decisionHash()));
    json.writeName("all");
    group(json, result.all());
    json.writeObjectPropertyStart("tenants");
    result
        .tenants()
        .forEach((tenant, group) -> {
          json.writeName(tenant);
          group(json, group);
        });
    json.writeEndObject();
    json.writeObjectPropertyStart("bands");
    result
        .bands()
        .forEach((priority, group) -> {
          json.writeName(String.valueOf(priority));
          group(json, group);
        });
    json.writeEndObject();
    json.writeName("series");
    series(json, result.series());
  }

  private static void group(JsonGenerator json, GroupResult group) {
    json.writeStartObject();
    json.writeNumberProperty("offered", group.offered());
    json.writeNumberProperty("dispatched", group.dispatched());
    json.writeNumberProperty("completed", group.completed());
    json.writeObjectPropertyStart("refused");
    new TreeMap<>(group.refused()).forEach(json::writeNumberProperty);
    json.writeEndObject();
    number(json, "waitP50", group.waitP50());
    number(json, "waitP99", group.waitP99());
    number(json, "waitMax", group.waitMax());
    number(json, "ttftP50", group.ttftP50());
    number(json, "ttftP99", group.ttftP99());
    json.writeNumberProperty("inputTokens", group.inputTokens());
    json.writeNumberProperty("outputTokens", group.outputTokens());
    number(json, "cost", group.cost());
    number(json, "share", group.share());
    json.writeNumberProperty("sloOffered", group.sloOffered());
    json.writeNumberProperty("sloMet", group.sloMet());
    number(json, "sloAttainment", group.sloAttainment());
    json.writeEndObject();
  }

  private static void series(JsonGenerator json, Series series) {
    json.writeStartObject();
    json.writeNumberProperty("bucketSeconds", series.bucketSeconds());
    lines(json, "waitP50", series.waitP50());
    lines(json, "waitP99", series.waitP99());
    lines(json, "queued", series.queued());
    lines(json, "share", series.share());
    json.writeName("saturation");
    line(json, series.saturation());
    json.writeEndObject();
  }

  private static <K> void lines(JsonGenerator json, String name, Map<K, List<Double>> lines) {
    json.writeObjectPropertyStart(name);
    new TreeMap<>(lines)
        .forEach((key, line) -> {
          json.writeName(String.valueOf(key));
          line(json, line);
        });
    json.writeEndObject();
  }

  private static void line(JsonGenerator json, List<Double> values) {
    json.writeStartArray();
    for (var value : values) {
      if (Double.isFinite(value)) {
        json.writeNumber(value);
      } else {
        json.writeNull();
      }
    }
    json.writeEndArray();
  }

  private static void number(JsonGenerator json, String name, double value) {
    json.writeName(name);
    if (Double.isFinite(value)) {
      json.writeNumber(value);
    } else {
      json.writeNull();
    }
  }
}
