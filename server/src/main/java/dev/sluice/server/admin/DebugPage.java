package dev.sluice.server.admin;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.endpoints.EndpointView;
import dev.sluice.flowcontrol.contracts.RegistryView;
import dev.sluice.flowcontrol.types.Cost;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.ValueSerializer;
import tools.jackson.databind.annotation.JsonSerialize;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The page {@code /debug/flows}: JSON whose names say the unit, or tables for people. It shows
 * whatever the view has: a list of objects becomes a table, and a list in a list becomes a table of
 * its own. In tables, times are in seconds and milliseconds, a limit of 0 is {@code none}, and
 * columns without any value are left out.
 */
final class DebugPage {
  private static final String NANOS = "Nanos";
  private static final String MILLIS = "Millis";
  private static final String NOTHING = "-";

  /** The names of the engine's view that do not say what they count. */
  private static final Map<String, String> UNITS =
      Map.of(
          "maxRequests", "maxQueuedRequests",
          "maxBytes", "maxQueuedBytes",
          "ceiling", "ceilingSaturation",
          "dispatchedTotal", "dispatchedRequests");

  /** The engine's clock has no date, so its time says nothing to people. */
  private static final Set<String> NOT_FOR_PEOPLE = Set.of("takenAtNanos");

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .disable(StreamWriteFeature.AUTO_CLOSE_TARGET)
          .addMixIn(EndpointView.class, EndpointNames.class)
          .addMixIn(RegistryView.Flow.class, FlowNames.class)
          .propertyNamingStrategy(
              new PropertyNamingStrategies.NamingBase() {
                @Override
                public String translate(String name) {
                  return UNITS.getOrDefault(name, name);
                }
              })
          .build();

  private final StringBuilder text = new StringBuilder();

  private DebugPage() {}

  /** The limit of an endpoint is one on running requests, not on queued ones. */
  private interface EndpointNames {
    @JsonProperty("maxRunningRequests")
    int maxRequests();
  }

  /** A cost is shown in weighted tokens. The engine's unit is known to the engine only. */
  private interface FlowNames {
    @JsonProperty("dispatchedCostTokens")
    @JsonSerialize(using = InTokens.class)
    long dispatchedCost();
  }

  private static final class InTokens extends ValueSerializer<Long> {
    @Override
    public void serialize(Long cost, JsonGenerator json, SerializationContext context) {
      json.writeNumber(Cost.tokens(cost));
    }
  }

  /** Writes the view as JSON, piece by piece, and leaves the stream open. */
  static void writeJson(Object view, OutputStream out) {
    JSON.writeValue(out, view);
  }

  /** The view as tables. */
  static byte[] text(Object view) {
    var page = new DebugPage();
    JsonNode tree = JSON.valueToTree(view);
    for (var entry : tree.properties()) {
      if (!entry.getValue().isArray() && !NOT_FOR_PEOPLE.contains(entry.getKey())) {
        page.text.append(title(entry.getKey())).append(": ");
        page.text.append(shown(entry.getKey(), entry.getValue())).append('\n');
      }
    }
    for (var entry : tree.properties()) {
      if (entry.getValue().isArray()) {
        page.table(entry.getKey(), entry.getValue().valueStream().toList());
      }
    }
    return page.text.toString().getBytes(StandardCharsets.UTF_8);
  }

  private void table(String title, List<JsonNode> rows) {
    text.append('\n').append(title).append(rows.isEmpty() ? ": none\n" : "\n");
    if (rows.isEmpty()) {
      return;
    }
    var columns = new ArrayList<List<String>>();
    var inner = new TreeSet<String>();
    var flat = rows.stream().map(DebugPage::flat).toList();
    for (var name : flat.getFirst().propertyNames()) {
      if (flat.stream().anyMatch(row -> row.path(name).path(0).isObject())) {
        inner.add(name);
        continue;
      }
      var cells = flat.stream().map(row -> shown(name, row.path(name))).toList();
      if (!cells.stream().allMatch(NOTHING::equals)) {
        var column = new ArrayList<>(List.of(title(name)));
        column.addAll(cells);
        columns.add(column);
      }
    }
    print(columns, rows.size() + 1);
    for (var list : inner) {
      table(list, rows.stream().flatMap(row -> row.path(list).valueStream()).toList());
    }
  }

  /** An object in a row, such as a flow's key, becomes columns of the row. */
  private static ObjectNode flat(JsonNode row) {
    var flat = JSON.createObjectNode();
    for (var entry : row.properties()) {
      if (entry.getValue() instanceof ObjectNode object) {
        flat.setAll(object);
      } else {
        flat.set(entry.getKey(), entry.getValue());
      }
    }
    return flat;
  }

  private void print(List<List<String>> columns, int lines) {
    var widths =
        columns.stream()
            .mapToInt(c -> c.stream().mapToInt(String::length).max().orElse(0))
            .toArray();
    for (var line = 0; line < lines; line++) {
      for (var i = 0; i < widths.length; i++) {
        var cell = columns.get(i).get(line);
        text.append("  ").append(cell);
        text.append(i == widths.length - 1 ? "" : " ".repeat(widths[i] - cell.length()));
      }
      text.append('\n');
    }
  }

  /** The name without its unit if {@link #shown} puts the unit beside the number. */
  private static String title(String name) {
    return name.endsWith(NANOS) || name.endsWith(MILLIS)
        ? name.substring(0, name.length() - (name.endsWith(NANOS) ? NANOS : MILLIS).length())
        : name;
  }

  private static String shown(String name, JsonNode value) {
    if (value.isNumber()) {
      return number(name, value);
    }
    if (value.isArray()) {
      var words = value.valueStream().map(JsonNode::asString).collect(Collectors.joining(", "));
      return words.isEmpty() ? NOTHING : words;
    }
    var word = value.isMissingNode() || value.isNull() ? "" : value.asString();
    return word.isEmpty() ? NOTHING : word;
  }

  private static String number(String name, JsonNode value) {
    if (name.startsWith("max") && value.doubleValue() == 0) {
      return "none";
    }
    if (name.endsWith(NANOS)) {
      return String.format(Locale.ROOT, "%.3f s", value.doubleValue() / 1e9);
    }
    if (name.endsWith(MILLIS)) {
      return value.longValue() < 0 ? NOTHING : value.longValue() + " ms";
    }
    return value.isIntegralNumber()
        ? value.asString()
        : String.format(Locale.ROOT, "%.3f", value.doubleValue());
  }
}
