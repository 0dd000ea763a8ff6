package dev.sluice.gateway;

import dev.sluice.endpoints.EndpointPool;
import dev.sluice.endpoints.models.ServedModel;
import dev.sluice.inference.ErrorBody;
import dev.sluice.serving.refusal.Refusal;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.io.StringWriter;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * The answers to {@code GET /v1/models} and {@code GET /v1/models/ID}, from what the pool knows. An
 * entry has every field that the server gave it, and {@code healthy_endpoints}: the number of
 * endpoints that get requests for the model now.
 */
final class ModelsAnswer {
  private static final String PATH = "/v1/models";

  private static final JsonFactory JSON = new JsonFactory();
  private static final String HEALTHY = "healthy_endpoints";

  private ModelsAnswer() {}

  /** Answers at once. */
  static void send(HttpServerRequest request, String path, EndpointPool pool) {
    if (path.equals(PATH)) {
      send(
          request,
          out -> {
            out.writeStartObject();
            out.writeStringProperty("object", "list");
            out.writeArrayPropertyStart("data");
            for (var model : pool.models()) {
              entry(out, model, pool);
            }
            out.writeEndArray();
            out.writeEndObject();
          });
      return;
    }
    // A plus is a plus in a path; the decoder is one for forms.
    var raw = path.substring(PATH.length() + 1).replace("+", "%2B");
    String id;
    try {
      id = URLDecoder.decode(raw, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      id = raw; // no model has such a name
    }
    for (var model : pool.models()) {
      if (model.id().equals(id)) {
        send(request, out -> entry(out, model, pool));
        return;
      }
    }
    ErrorAnswer.send(request, Refusal.of(ErrorBody.modelNotFound(id)));
  }

  private static void send(HttpServerRequest request, Consumer<JsonGenerator> answer) {
    var json = new StringWriter();
    try (var out = JSON.createGenerator(ObjectWriteContext.empty(), json)) {
      answer.accept(out);
    }
    request
        .response()
        .putHeader("content-type", "application/json")
        .end(Buffer.buffer(json.toString()));
  }

  private static void entry(JsonGenerator out, ServedModel model, EndpointPool pool) {
    out.writeStartObject();
    if (model.json().isEmpty()) {
      out.writeStringProperty("id", model.id());
      out.writeStringProperty("object", "model");
      out.writeNumberProperty("created", model.createdSeconds());
      out.writeStringProperty("owned_by", model.ownedBy().isEmpty() ? "sluice" : model.ownedBy());
      if (model.isAdapter()) {
        out.writeStringProperty("parent", model.parent());
      }
    } else {
      copyFields(model.json(), out);
    }
    out.writeNumberProperty(HEALTHY, pool.inServiceFor(model.id()));
    out.writeEndObject();
  }

  /** All fields of an object, but for one that says what we say ourselves. */
  private static void copyFields(String object, JsonGenerator out) {
    try (var parser = JSON.createParser(ObjectReadContext.empty(), object)) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        if (parser.currentName().equals(HEALTHY)) {
          parser.nextToken();
          parser.skipChildren();
        } else {
          out.copyCurrentStructure(parser);
        }
      }
    }
  }
}
