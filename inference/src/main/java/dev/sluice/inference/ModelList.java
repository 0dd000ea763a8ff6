package dev.sluice.inference;

import java.io.ByteArrayOutputStream;
import java.net.ProtocolException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * The answer to {@code GET /v1/models}. Immutable.
 *
 * @param models each model and adapter; every id is unique
 */
public record ModelList(List<Model> models) {
  private static final JsonFactory FACTORY = new JsonFactory();

  /**
   * A model or an adapter.
   *
   * @param id the name that requests use, not blank
   * @param created seconds since 1970, or 0
   * @param ownedBy who made or serves it; may be empty
   * @param parent the base model of an adapter; else empty
   * @param maxModelTokens longest prompt and output together, in tokens; 0 if not said
   */
  public record Model(String id, long created, String ownedBy, String parent, long maxModelTokens) {
    public Model {
      if (id.isBlank()) {
        throw new IllegalArgumentException("model id is blank");
      }
    }
  }

  public ModelList {
    models = List.copyOf(models);
    if (models.stream().map(Model::id).distinct().count() != models.size()) {
      throw new IllegalArgumentException("a model id is given twice");
    }
  }

  /**
   * Reads a model server's answer. Entries without an id are left out; of entries with the same id
   * the first counts.
   *
   * @throws ProtocolException if the answer is not a model list; the message says where
   */
  public static ModelList parse(byte[] body) throws ProtocolException {
    try (var parser = FACTORY.createParser(ObjectReadContext.empty(), body, 0, body.length)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new ProtocolException("model list is not a JSON object");
      }
      List<Model> models = null;
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        boolean isData = parser.currentName().equals("data");
        if (parser.nextToken() == JsonToken.START_ARRAY && isData) {
          models = models(parser);
        } else {
          parser.skipChildren();
        }
      }
      if (parser.nextToken() != null) {
        throw new ProtocolException("model list is followed by something else");
      }
      if (models == null) {
        throw new ProtocolException("model list has no array 'data'");
      }
      return merge(List.of(), models);
    } catch (JacksonException e) {
      var problem = new ProtocolException("model list is not JSON: " + e.getMessage());
      problem.initCause(e);
      throw problem;
    }
  }

  /**
   * All models of all lists, in the order of first appearance; of several with one id the first
   * counts.
   */
  public static ModelList merge(List<ModelList> lists) {
    return merge(lists, List.of());
  }

  private static ModelList merge(List<ModelList> lists, List<Model> more) {
    var byId = new LinkedHashMap<String, Model>();
    for (var list : lists) {
      list.models.forEach(model -> byId.putIfAbsent(model.id(), model));
    }
    more.forEach(model -> byId.putIfAbsent(model.id(), model));
    return new ModelList(List.copyOf(byId.values()));
  }

  /** The ids, in the list's order. */
  public Set<String> ids() {
    var ids = new LinkedHashSet<String>();
    models.forEach(model -> ids.add(model.id()));
    return ids;
  }

  /** The body of the answer, in UTF-8. */
  public byte[] toJson() {
    var bytes = new ByteArrayOutputStream(128 * (models.size() + 1));
    try (var json = FACTORY.createGenerator(ObjectWriteContext.empty(), bytes)) {
      json.writeStartObject();
      json.writeName("object");
      json.writeString("list");
      json.writeName("data");
      json.writeStartArray();
      for (var model : models) {
        json.writeStartObject();
        json.writeName("id");
        json.writeString(model.id());
        json.writeName("object");
        json.writeString("model");
        json.writeName("created");
        json.writeNumber(model.created());
        json.writeName("owned_by");
        json.writeString(model.ownedBy());
        if (!model.parent().isEmpty()) {
          json.writeName("parent");
          json.writeString(model.parent());
        }
        if (model.maxModelTokens() > 0) {
          json.writeName("max_model_len");
          json.writeNumber(model.maxModelTokens());
        }
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    return bytes.toByteArray();
  }

  private static List<Model> models(JsonParser parser) {
    var models = new ArrayList<Model>();
    for (var token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
      if (token == JsonToken.START_OBJECT) {
        addModel(parser, models);
      } else {
        parser.skipChildren();
      }
    }
    return models;
  }

  private static void addModel(JsonParser parser, List<Model> models) {
    var id = "";
    long created = 0;
    var ownedBy = "";
    var parent = "";
    long maxModelTokens = 0;
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      var name = parser.currentName();
      var value = parser.nextToken();
      switch (name) {
        case "id" -> id = string(parser, value);
        case "created" -> created = number(parser, value);
        case "owned_by" -> ownedBy = string(parser, value);
        case "parent" -> parent = string(parser, value);
        case "max_model_len" -> maxModelTokens = number(parser, value);
        default -> parser.skipChildren();
      }
    }
    if (!id.isBlank()) {
      models.add(new Model(id, created, ownedBy, parent, maxModelTokens));
    }
  }

  private static String string(JsonParser parser, JsonToken value) {
    if (value == JsonToken.VALUE_STRING) {
      return parser.getString();
    }
    parser.skipChildren();
    return "";
  }

  private static long number(JsonParser parser, JsonToken value) {
    if (value == JsonToken.VALUE_NUMBER_INT
        && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER) {
      return parser.getLongValue();
    }
    parser.skipChildren();
    return 0;
  }
}
