package dev.sluice.modelserver;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.concurrent.atomic.AtomicLong;

/** An event stream of a given size, written as fast as the client reads. For one request. */
final class Flood {
  private static final int PIECE = 16 * 1024;

  private final HttpServerResponse response;
  private final Buffer piece = Buffer.buffer("data: " + "x".repeat(PIECE - 8) + "\n\n");
  private final AtomicLong bytesWritten;
  private long left;

  private Flood(HttpServerResponse response, long bytes, AtomicLong bytesWritten) {
    this.response = response;
    this.left = bytes;
    this.bytesWritten = bytesWritten;
  }

  /** Answers a request with at least so many bytes of events, and counts them. */
  static void answer(HttpServerRequest request, long bytes, AtomicLong bytesWritten) {
    HttpServerResponse response = request.response();
    response.setChunked(true).putHeader("content-type", "text/event-stream");
    new Flood(response, bytes, bytesWritten).pour();
  }

  private void pour() {
    while (left > 0 && !response.closed()) {
      if (response.writeQueueFull()) {
        response.drainHandler(ignored -> pour());
        return;
      }
      bytesWritten.addAndGet(piece.length());
      response.write(piece.copy());
      left -= piece.length();
    }
    if (!response.closed()) {
      response.end();
    }
  }
}
