package dev.sluice.gateway;

import dev.sluice.serving.refusal.Refusal;
import io.netty.handler.codec.http.HttpHeaderNames;
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
    send(request, refusal, true);
  }

  private static void send(HttpServerRequest request, Refusal refusal, boolean last) {
    var close =
        request.version() != HttpVersion.HTTP_2
            && (last || refusal.closesConnection() || waitsToSendBody(request));
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
    if (!refusal.shouldRetry().isEmpty()) {
      response.putHeader("x-should-retry", refusal.shouldRetry());
    }
    if (close) {
      response.putHeader("connection", "close"); // ClientConnection obeys it
    }
    var body = Buffer.buffer(refusal.error().toJson());
    response.putHeader("content-length", Integer.toString(body.length()));
    if (request.method().equals(HttpMethod.HEAD)) {
      var _ = response.end();
    } else {
      var _ = response.end(body);
    }
  }

  /**
   * Whether the client waits for "100 Continue" before it sends the body. After a refusal it may
   * send the body, or the next request instead, and nobody could tell one from the other.
   */
  private static boolean waitsToSendBody(HttpServerRequest request) {
    return request.headers().contains(HttpHeaderNames.EXPECT) && !request.isEnded();
  }
}
