package dev.sluice.gateway;

import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.vertx.core.MultiMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.UnaryOperator;

/**
 * The headers that pass through the gateway, in both directions. Immutable and thread-safe; O(bytes
 * of the headers).
 *
 * <pre>
 * header                                         to the endpoint        to the client
 * connection headers, and those they name        no                     no
 * host                                           the endpoint's         as it came
 * content-length                                 of the body sent       no, if the body shrinks
 * x-request-id                                   the request's id       the request's id
 * accept-encoding                                no: usage is read      as it came
 * expect                                         no                     as it came
 * Sluice's own (tenant, objective, ...)          no                     as they came
 * authorization                                  upstreamApiKey, if     as it came
 *                                                set; no, if a key of
 *                                                Sluice's was given
 * x-api-key, api-key                             no, if upstreamApiKey  as it came
 *                                                is set or a key of
 *                                                Sluice's was given
 * location, content-location                     as it came             a path, if it is an
 *                                                                       endpoint's address
 * access-control-*                               as it came             the gateway's, if
 *                                                                       CORS is on
 * every other                                    as it came             as it came
 * </pre>
 */
final class ProxyHeaders {
  static final String REQUEST_ID = "x-request-id";

  private static final long UNKNOWN_LENGTH = -1;

  /** Headers that concern one connection and not the request. */
  private static final Set<String> CONNECTION_HEADERS =
      Set.of(
          "connection",
          "keep-alive",
          "proxy-authenticate",
          "proxy-authorization",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade");

  /** Headers of a request that the gateway sets itself, or that must not reach an endpoint. */
  private static final Set<String> REPLACED =
      Set.of("host", "content-length", "expect", REQUEST_ID, "accept-encoding");

  /** Headers in which a client may send its API key. */
  private static final Set<String> KEY_HEADERS = Set.of("authorization", "x-api-key", "api-key");

  private final Set<String> ownHeaders;
  private final String upstreamApiKey;
  private final UnaryOperator<String> addresses;

  /**
   * The rules for one gateway.
   *
   * @param ownHeaders lower-case names of the headers that are meant for Sluice
   * @param upstreamApiKey the key that endpoints expect; empty for none
   */
  ProxyHeaders(Set<String> ownHeaders, String upstreamApiKey) {
    this(ownHeaders, upstreamApiKey, address -> address);
  }

  /**
   * The rules for one gateway.
   *
   * @param addresses changes the addresses in answers to those that clients may see
   */
  ProxyHeaders(Set<String> ownHeaders, String upstreamApiKey, UnaryOperator<String> addresses) {
    this.ownHeaders = Set.copyOf(ownHeaders);
    this.upstreamApiKey = upstreamApiKey;
    this.addresses = addresses;
  }

  /** The id that the client gave the request, or a random one. */
  static String requestId(MultiMap client) {
    var given = client.get(REQUEST_ID);
    return given == null || given.isBlank() ? randomId() : given;
  }

  /** A random UUID. It need not be hard to guess, so a cheap source of randomness will do. */
  private static String randomId() {
    var random = ThreadLocalRandom.current();
    return new UUID(
            random.nextLong() & ~0xf000L | 0x4000L,
            random.nextLong() & (-1L >>> 2) | Long.MIN_VALUE)
        .toString();
  }

  /** True unless the headers say that the request has no body. */
  static boolean announcesBody(MultiMap client) {
    return announcedLength(client) != 0;
  }

  /** The length of the body that the headers announce; 0 if they do not say. */
  static long announcedBytes(MultiMap client) {
    return Math.max(0, announcedLength(client));
  }

  private static long announcedLength(MultiMap client) {
    var header = client.get(HttpHeaderNames.CONTENT_LENGTH);
    if (header != null) {
      return Long.parseLong(header.trim()); // the decoder has refused a length that is not a number
    }
    return client.contains(HttpHeaderNames.TRANSFER_ENCODING) ? UNKNOWN_LENGTH : 0;
  }

  /**
   * The headers of the request to an endpoint.
   *
   * @param client the headers that the client sent
   * @param host the endpoint's host
   * @param requestId the request's id
   * @param bodyBytes the length of the body that is sent
   * @param hasOwnKey whether the client identified itself by one of Sluice's API keys
   */
  HttpHeaders toEndpoint(
      MultiMap client, String host, String requestId, long bodyBytes, boolean hasOwnKey) {
    var headers = DefaultHttpHeadersFactory.headersFactory().withValidation(false).newHeaders();
    headers.set(HttpHeaderNames.HOST, host);
    var forConnection = connectionHeaders(client);
    var replacesKey = hasOwnKey || !upstreamApiKey.isEmpty();
    for (var header : client) {
      var name = header.getKey().toLowerCase(Locale.ROOT);
      if (!forConnection.contains(name)
          && !REPLACED.contains(name)
          && !ownHeaders.contains(name)
          && !(replacesKey && KEY_HEADERS.contains(name))) {
        headers.add(header.getKey(), header.getValue());
      }
    }
    headers.add(REQUEST_ID, requestId);
    if (!upstreamApiKey.isEmpty()) {
      headers.add(HttpHeaderNames.AUTHORIZATION, "Bearer " + upstreamApiKey);
    }
    if (bodyBytes > 0
        || client.contains(HttpHeaderNames.CONTENT_LENGTH)
        || client.contains(HttpHeaderNames.TRANSFER_ENCODING)) {
      headers.set(HttpHeaderNames.CONTENT_LENGTH, bodyBytes);
    }
    return headers;
  }

  /**
   * Copies the headers of an endpoint's answer to the answer for the client.
   *
   * @param shortens whether the client may get fewer bytes than the endpoint sends
   * @return whether the body's length is among the headers copied
   */
  boolean toClient(HttpHeaders endpoint, String requestId, boolean shortens, MultiMap client) {
    var hasLength = false;
    var forConnection =
        endpoint.contains(HttpHeaderNames.CONNECTION)
            ? named(endpoint.getAll(HttpHeaderNames.CONNECTION))
            : CONNECTION_HEADERS;
    var ownCors = client.contains(CorsAnswers.ALLOW_ORIGIN);
    for (var header : endpoint) {
      var name = header.getKey().toLowerCase(Locale.ROOT);
      var isLength = name.equals("content-length");
      if (!forConnection.contains(name)
          && !(shortens && isLength)
          && !(ownCors && name.startsWith("access-control-"))) {
        hasLength |= isLength;
        client.add(header.getKey(), valueForClient(name, header.getValue()));
      }
    }
    client.set(REQUEST_ID, requestId);
    return hasLength;
  }

  private String valueForClient(String name, String value) {
    return name.equals("location") || name.equals("content-location")
        ? addresses.apply(value)
        : value;
  }

  private static Set<String> connectionHeaders(MultiMap headers) {
    return headers.contains(HttpHeaderNames.CONNECTION)
        ? named(headers.getAll(HttpHeaderNames.CONNECTION))
        : CONNECTION_HEADERS;
  }

  /** The connection headers and those that the values of {@code connection} name. */
  private static Set<String> named(List<String> values) {
    var names = new HashSet<>(CONNECTION_HEADERS);
    for (var value : values) {
      for (var name : value.split(",", -1)) {
        names.add(name.trim().toLowerCase(Locale.ROOT));
      }
    }
    return names;
  }
}
