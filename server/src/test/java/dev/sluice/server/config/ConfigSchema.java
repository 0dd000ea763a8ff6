package dev.sluice.server.config;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Writes the JSON schema of the configuration from its records, their defaults and Javadoc. */
final class ConfigSchema {
  private static final String DURATION = "^(([0-9]{1,12}(ms|us|ns|s|m|h|d))+|0)$";
  private static final String QUANTITY = "^[0-9][0-9_]*(k|M|G|T|Ki|Mi|Gi|Ti)?$";

  private ConfigSchema() {}

  /** The schema, indented. */
  static String json() throws IOException {
    var schema = new LinkedHashMap<String, Object>();
    schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
    schema.put("title", "Sluice");
    schema.putAll(section("", SluiceConfig.class));
    schema.put(
        "$defs",
        ordered(
            "variable",
            ordered("type", "string", "pattern", "\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?}"),
            "duration",
            anyOf(ordered("const", 0), pattern(DURATION)),
            "quantity",
            anyOf(ordered("type", "integer", "minimum", 0), pattern(QUANTITY)),
            "plugin",
            ordered(
                "anyOf",
                List.of(
                    ordered("type", "string"),
                    ordered(
                        "type",
                        "object",
                        "properties",
                        ordered(
                            "type", ordered("type", "string"),
                            "parameters", ordered("type", "object")),
                        "required",
                        List.of("type"),
                        "additionalProperties",
                        false)))));
    var mapper = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
    return mapper.writeValueAsString(schema).replace("\r\n", "\n") + "\n";
  }

  private static Map<String, Object> section(String path, Class<?> type) throws IOException {
    var properties = new LinkedHashMap<String, Object>();
    var required = new ArrayList<String>();
    for (var key : Key.of(path, type)) {
      var property = ordered("description", key.meaning());
      property.putAll(value(key));
      properties.put(key.name(), property);
      if (key.required()) {
        required.add(key.name());
      }
    }
    var section = ordered("type", "object", "properties", properties);
    if (!required.isEmpty()) {
      section.put("required", required);
    }
    section.put("additionalProperties", false);
    return section;
  }

  private static Map<String, Object> value(Key key) throws IOException {
    return switch (key.kind()) {
      case SECTION -> section(key.inside(), key.type());
      case SECTIONS -> {
        var list = ordered("type", "array", "items", section(key.inside(), key.type()));
        if (key.required()) {
          list.put("minItems", 1);
        }
        yield list;
      }
      case TEXTS -> ordered("type", "array", "items", ordered("type", "string"));
      case NUMBERS_BY_NAME ->
          ordered("type", "object", "additionalProperties", anyOf(ordered("type", "integer")));
      case TEXTS_BY_NAME ->
          ordered("type", "object", "additionalProperties", ordered("type", "string"));
      case VALUES_BY_NAME -> ordered("type", "object");
      case WHOLE_NUMBER -> anyOf(ordered("type", "integer"));
      case NUMBER -> anyOf(ordered("type", "number"));
      case SWITCH -> anyOf(ordered("type", "boolean"));
      case TEXT -> ordered("type", "string");
      case DURATION -> ordered("$ref", "#/$defs/duration");
      case QUANTITY -> ordered("$ref", "#/$defs/quantity");
      case PLUGIN -> ordered("$ref", "#/$defs/plugin");
    };
  }

  private static Map<String, Object> pattern(String pattern) {
    return ordered("type", "string", "pattern", pattern);
  }

  /** A schema that allows one of these values, or an environment variable. */
  private static Map<String, Object> anyOf(Object... choices) {
    var all = new ArrayList<Object>(List.of(choices));
    all.add(ordered("$ref", "#/$defs/variable"));
    return ordered("anyOf", all);
  }

  private static Map<String, Object> ordered(Object... keysAndValues) {
    var map = new LinkedHashMap<String, Object>();
    for (var i = 0; i < keysAndValues.length; i += 2) {
      map.put((String) keysAndValues[i], keysAndValues[i + 1]);
    }
    return map;
  }
}
