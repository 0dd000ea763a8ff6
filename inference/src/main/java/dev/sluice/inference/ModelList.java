package dev.sluice.inference;

import java.io.ByteArrayOutputStream;
import java.util.List;
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
}
