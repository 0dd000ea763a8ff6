package dev.sluice.gateway;

import io.vertx.core.http.HttpServerRequest;

/**
 * The size of a request's head.
 *
 * @param headers the number of header lines
 * @param bytes the memory that the head takes
 */
record HeadSize(int headers, long bytes) {
  /** The objects that represent one header: the entry, two strings and their arrays. */
  private static final long HEADER_BYTES = 128;

  /** Measures a head in O(headers). */
  static HeadSize of(HttpServerRequest request) {
    var headers = 0;
    long bytes = request.uri().length();
    for (var header : request.headers()) {
      headers++;
      bytes += HEADER_BYTES + header.getKey().length() + header.getValue().length();
    }
    return new HeadSize(headers, bytes);
  }
}
