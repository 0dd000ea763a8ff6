package dev.sluice.gateway;

import dev.sluice.serving.refusal.Refusal;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;

/** The HTTP answer that a refusal becomes. */
final class ErrorAnswer {
  private ErrorAnswer() {}

  /** Answers with the refusal; does nothing if the request has been answered. */
  static void send(HttpServerRequest request, Refusal refusal) {
    send(request, refusal, false);
  }

  /** Answers with the refusal and then closes the connection, unless it is HTTP/2. */
  static void sendAndClose(HttpServerRequest request, Refusal refusal) {
    send(request, refusal, request.version() != HttpVersion.HTTP_2);
  }

  private static void send(HttpServerRequest request, Refusal refusal, boolean close) {
    var response = request.response();
    if (response.ended() || response.closed()) {
      return;
    }
    response.setStatusCode(refusal.error().status());
    response.putHeader("content-type", "application/json");
    if (!refusal.reason().isEmpty()) {
      response.putHeader(Refusal.REASON_HEADER, refusal.reason());
    }
    if (refusal.retryAfterSeconds() > 0) {
      response.putHeader("retry-after", Long.toString(refusal.retryAfterSeconds()));
    }
    if (close) {
      response.putHeader("connection", "close");
    }
    var body = Buffer.buffer(refusal.error().toJson());
    response.putHeader("content-length", Integer.toString(body.length()));
    var sent = request.method().equals(HttpMethod.HEAD) ? response.end() : response.end(body);
    if (close) {
      sent.onComplete(ignored -> request.connection().close());
    }
  }
}
