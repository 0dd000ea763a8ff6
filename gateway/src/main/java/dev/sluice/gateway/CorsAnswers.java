package dev.sluice.gateway;

import dev.sluice.inference.ErrorBody;
import dev.sluice.serving.refusal.Refusal;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;

/**
 * The part of the gateway that speaks CORS: it marks each answer for the browser, and answers
 * preflight requests, which carry no API key. Immutable and thread-safe.
 */
final class CorsAnswers {
  static final String ALLOW_ORIGIN = "access-control-allow-origin";
  private static final String METHODS = "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS";
  private static final String USUAL_HEADERS = "authorization, content-type, x-api-key";
  private static final String EXPOSED =
      "retry-after, x-should-retry, " + ProxyHeaders.REQUEST_ID + ", " + Refusal.REASON_HEADER;

  private final Cors rules;

  CorsAnswers(Cors rules) {
    this.rules = rules;
  }

  /**
   * Puts the headers for the browser into the answer that the request will get, whoever makes it.
   *
   * @return true if the request was a preflight request, which has now been answered
   */
  boolean answered(HttpServerRequest request) {
    if (!rules.isOn()) {
      return false;
    }
    var response = request.response();
    var origin = request.getHeader(HttpHeaders.ORIGIN);
    var allowed = origin != null && rules.allows(origin);
    if (!rules.allowsAll()) {
      response.headers().add(HttpHeaders.VARY, "origin");
    }
    if (allowed) {
      response.putHeader(ALLOW_ORIGIN, rules.allowsAll() ? "*" : origin);
      response.putHeader("access-control-expose-headers", EXPOSED);
    }
    if (origin == null
        || !request.method().equals(HttpMethod.OPTIONS)
        || request.getHeader(HttpHeaders.ACCESS_CONTROL_REQUEST_METHOD) == null) {
      return false;
    }
    if (allowed) {
      var asked = request.getHeader(HttpHeaders.ACCESS_CONTROL_REQUEST_HEADERS);
      response.putHeader("access-control-allow-methods", METHODS);
      response.putHeader("access-control-allow-headers", asked == null ? USUAL_HEADERS : asked);
      response.putHeader("access-control-max-age", Long.toString(rules.maxAge().toSeconds()));
      response.setStatusCode(204).end();
    } else {
      var error =
          ErrorBody.permission(
              "The origin " + origin + " is not one of gateway.cors.origins.", "origin");
      ErrorAnswer.send(request, Refusal.of(error));
    }
    return true;
  }
}
