package dev.sluice.server.admin;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The page {@code /debug/flows}: JSON whose names say the unit, or tables for people. It shows
 * whatever the view has: a list of objects becomes a table, and a list in a list becomes a table of
 * its own.
 */
final class DebugPage {
  private static final JsonMapper JSON = new JsonMapper();

  /** The names of the engine's view that do not say what they count. */
  private static final Map<String, String> UNITS =
      Map.of(
          "maxRequests", "maxQueuedRequests",
          "maxBytes", "maxQueuedBytes",
          "ceiling", "ceilingSaturation",
          "dispatchedTotal", "dispatchedRequests",
          "dispatchedCost", "dispatchedCostUnits");

  private final StringBuilder text = new StringBuilder();

  private DebugPage() {}

  /** The view as JSON. */
  static byte[] json(Object view) {
    return JSON.writeValueAsBytes(named(JSON.valueToTree(view)));
  }

  /** The view as tables. */
  static byte[] text(Object view) {
    var page = new DebugPage();
    var tree = named(JSON.valueToTree(view));
    for (var entry : tree.properties()) {
      if (!entry.getValue().isArray()) {
        page.text.append(entry.getKey()).append(": ");
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

  private static JsonNode named(JsonNode node) {
    if (node.isArray()) {
      var list = JSON.createArrayNode();
      node.forEach(element -> list.add(named(element)));
      return list;
    }
    if (!node.isObject()) {
      return node;
    }
    var object = JSON.createObjectNode();
    for (var entry : node.properties()) {
      var name = UNITS.getOrDefault(entry.getKey(), entry.getKey());
      object.set(name, named(entry.getValue()));
    }
    return object;
  }

  private void table(String title, List<JsonNode> rows) {
    text.append('\n').append(title).append(rows.isEmpty() ? ": none\n" : "\n");
    if (rows.isEmpty()) {
      return;
    }
    var header = new ArrayList<String>();
    var inner = new TreeSet<String>();
    for (var entry : flat(rows.getFirst()).properties()) {
      if (entry.getValue().isArray() && entry.getValue().path(0).isObject()) {
        inner.add(entry.getKey());
      } else {
        header.add(entry.getKey());
      }
    }
    var lines = new ArrayList<List<String>>(List.of(List.copyOf(header)));
    for (var row : rows) {
      var cells = flat(row);
      lines.add(header.stream().map(name -> shown(name, cells.path(name))).toList());
    }
    print(lines);
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

  private void print(List<List<String>> lines) {
    for (var line : lines) {
      for (var i = 0; i < line.size(); i++) {
        var column = i;
        var width = lines.stream().mapToInt(other -> other.get(column).length()).max().orElse(0);
        text.append("  ").append(line.get(i));
        text.append(i == line.size() - 1 ? "" : " ".repeat(width - line.get(i).length()));
      }
      text.append('\n');
    }
  }

  private static String shown(String name, JsonNode value) {
    if (value.isNumber() && name.endsWith("Nanos")) {
      return String.format(Locale.ROOT, "%.3f s", value.doubleValue() / 1e9);
    }
    if (value.isNumber() && !value.isIntegralNumber()) {
      return String.format(Locale.ROOT, "%.3f", value.doubleValue());
    }
    return value.isMissingNode() || value.isNull()
        ? "-"
        : value.isString() ? value.asString() : value.toString();
  }
}
