package dev.sluice.endpoints.models;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/** The reader of the answer to {@code GET /v1/models}. */
public final class ModelList {
  private static final JsonFactory JSON = new JsonFactory();

  private ModelList() {}

  /**
   * The models in the first {@code length} bytes of {@code json}. Entries without an id are left
   * out.
   *
   * @throws IllegalArgumentException if the bytes are not a JSON object with an array {@code data}
   */
  public static List<ServedModel> parse(byte[] json, int length) {
    try (var parser = JSON.createParser(ObjectReadContext.empty(), json, 0, length)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new IllegalArgumentException("model list: got no JSON object");
      }
      List<ServedModel> models = null;
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        var name = parser.currentName();
        var value = parser.nextToken();
        if (name.equals("data") && value == JsonToken.START_ARRAY) {
          models = readEntries(parser, json);
        } else {
          parser.skipChildren();
        }
      }
      if (models == null) {
        throw new IllegalArgumentException("model list: got no array \"data\"");
      }
      return models;
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "model list: got broken JSON: " + e.getOriginalMessage(), e);
    }
  }

  private static List<ServedModel> readEntries(JsonParser parser, byte[] json) {
    var models = new ArrayList<ServedModel>();
    for (var token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
      if (token == JsonToken.START_OBJECT) {
        readEntry(parser, json, models);
      } else {
        parser.skipChildren();
      }
    }
    return models;
  }

  private static void readEntry(JsonParser parser, byte[] json, List<ServedModel> models) {
    var from = (int) parser.currentTokenLocation().getByteOffset();
    var id = "";
    var ownedBy = "";
    var parent = "";
    var created = 0L;
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      var name = parser.currentName();
      var value = parser.nextToken();
      if (value == JsonToken.VALUE_STRING) {
        switch (name) {
          case "id" -> id = parser.getString();
          case "owned_by" -> ownedBy = parser.getString();
          case "parent" -> parent = parser.getString();
          default -> {}
        }
      } else if (name.equals("created") && value == JsonToken.VALUE_NUMBER_INT) {
        created =
            parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER ? 0 : parser.getLongValue();
      } else {
        parser.skipChildren();
      }
    }
    if (!id.isBlank()) {
      var to = (int) parser.currentLocation().getByteOffset();
      var text = new String(json, from, to - from, StandardCharsets.UTF_8);
      models.add(new ServedModel(id, created, ownedBy, parent, text));
    }
  }
}
