package dev.sluice.gateway;

import dev.sluice.endpoints.EndpointPool;
import dev.sluice.endpoints.models.ServedModel;
import dev.sluice.inference.ErrorBody;
import dev.sluice.serving.refusal.Refusal;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The answers to {@code GET /v1/models} and {@code GET /v1/models/ID}, from what the pool knows. An
 * entry has every field that the server gave it, and {@code healthy_endpoints}: the number of
 * endpoints that get requests for the model now.
 */
final class ModelsAnswer {
  private static final String PATH = "/v1/models";

  private static final JsonMapper JSON = new JsonMapper();
  private static final String HEALTHY = "healthy_endpoints";

  private ModelsAnswer() {}

  /** Answers at once. */
  static void send(HttpServerRequest request, String path, EndpointPool pool) {
    if (path.equals(PATH)) {
      var entries = new ArrayList<String>();
      for (var model : pool.models()) {
        entries.add(entry(model, pool));
      }
      send(request, "{\"object\":\"list\",\"data\":[" + String.join(",", entries) + "]}");
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
        send(request, entry(model, pool));
        return;
      }
    }
    ErrorAnswer.send(request, Refusal.of(ErrorBody.modelNotFound(id)));
  }

  private static void send(HttpServerRequest request, String json) {
    request.response().putHeader("content-type", "application/json").end(Buffer.buffer(json));
  }

  private static String entry(ServedModel model, EndpointPool pool) {
    var entry = JSON.createObjectNode();
    if (model.json().isEmpty()) {
      entry
          .put("id", model.id())
          .put("object", "model")
          .put("created", model.createdSeconds())
          .put("owned_by", model.ownedBy().isEmpty() ? "sluice" : model.ownedBy());
      if (model.isAdapter()) {
        entry.put("parent", model.parent());
      }
    } else {
      entry.setAll((ObjectNode) JSON.readTree(model.json()));
    }
    return JSON.writeValueAsString(entry.put(HEALTHY, pool.inServiceFor(model.id())));
  }
}
