package dev.sluice.simulation.workload;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * A line of JSON as maps and lists. Whole numbers are {@code Long}, other numbers {@code Double},
 * and null values are left out.
 */
final class JsonLine {
  private static final JsonFactory FACTORY = new JsonFactory();

  private JsonLine() {}

  /**
   * Reads a line.
   *
   * @throws JacksonException if the line is not an object of JSON
   */
  static @Nullable Map<String, Object> parse(String line) {
    try (var parser = FACTORY.createParser(ObjectReadContext.empty(), line)) {
      return parser.nextToken() == JsonToken.START_OBJECT ? object(parser) : null;
    }
  }

  private static Map<String, Object> object(JsonParser parser) {
    var parsed = new HashMap<String, Object>();
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      var key = parser.currentName();
      parser.nextToken();
      if (parser.currentToken() != JsonToken.VALUE_NULL) {
        parsed.put(key, value(parser));
      }
    }
    return parsed;
  }

  private static Object value(JsonParser parser) {
    var token = parser.currentToken();
    if (token == JsonToken.START_OBJECT) {
      return object(parser);
    }
    if (token == JsonToken.START_ARRAY) {
      var list = new ArrayList<Object>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        list.add(value(parser));
      }
      return List.copyOf(list);
    }
    if (token == JsonToken.VALUE_NUMBER_INT
        && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER) {
      return parser.getLongValue();
    }
    if (token == JsonToken.VALUE_NUMBER_INT || token == JsonToken.VALUE_NUMBER_FLOAT) {
      return Double.parseDouble(parser.getString());
    }
    return parser.getString();
  }
}
