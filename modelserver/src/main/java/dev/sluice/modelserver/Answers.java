package dev.sluice.modelserver;

import io.vertx.core.http.HttpServerResponse;

/** Writes answers of one piece. Stateless. */
final class Answers {
  private Answers() {}

  /** Answers with a JSON body. */
  static void json(HttpServerResponse response, int status, String body) {
    response.setStatusCode(status).putHeader("content-type", "application/json").end(body);
  }
}
