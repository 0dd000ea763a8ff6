package dev.sluice.gateway;

import dev.sluice.inference.ErrorBody;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.util.Locale;
import java.util.Optional;

/**
 * The rules for the head of a request that Netty does not check: the characters and the form of the
 * target (RFC 9112, section 3.2), the host (RFC 9112, section 3.2, and RFC 9110, section 7.2), the
 * names of headers, and the transfer coding (RFC 9112, section 6.1). Two programs may read a head
 * that breaks them in two ways. O(bytes of the target).
 */
final class RequestHead {
  private static final String HOST_MARKS = "-._~%!$&'()*+;=:[]";

  private RequestHead() {}

  /** What is wrong with the head; empty if nothing is. */
  static Optional<ErrorBody> faultOf(HttpServerRequest request) {
    var target = targetFault(request.uri());
    if (target.isPresent()) {
      return target;
    }
    var host = hostFault(request);
    return host.isPresent() ? host : headerFault(request);
  }

  /** A coding other than "chunked" would be lost: the gateway sends the body on without it. */
  private static Optional<ErrorBody> headerFault(HttpServerRequest request) {
    if (request.headers().contains("")) {
      return fault("The request has a header without a name.", "invalid_header");
    }
    var coding = request.headers().get(HttpHeaderNames.TRANSFER_ENCODING);
    return coding == null || coding.trim().equalsIgnoreCase("chunked")
        ? Optional.empty()
        : fault(
            "The transfer-encoding is not \"chunked\"; send the body without another coding.",
            "unsupported_transfer_encoding");
  }

  private static Optional<ErrorBody> targetFault(String target) {
    if (target == null || target.isEmpty()) {
      return fault("The request target is empty.", "invalid_target");
    }
    for (var i = 0; i < target.length(); i++) {
      var c = target.charAt(i);
      if (c <= ' ' || c == 0x7f || c == '#') {
        return fault(
            "The request target has the character 0x"
                + Integer.toHexString(c)
                + " at position "
                + i
                + ". Write it percent-encoded.",
            "invalid_target");
      }
    }
    if (target.charAt(0) == '/' || target.equals("*")) {
      return Optional.empty();
    }
    var scheme = target.indexOf("://");
    var name = scheme < 0 ? "" : target.substring(0, scheme).toLowerCase(Locale.ROOT);
    if (!name.equals("http") && !name.equals("https")) {
      return fault(
          "The request target has to be a path that begins with a slash, or a URL with http or"
              + " https.",
          "invalid_target");
    }
    var end = scheme + 3;
    while (end < target.length() && "/?".indexOf(target.charAt(end)) < 0) {
      end++;
    }
    var authority = target.substring(scheme + 3, end);
    return authority.isEmpty() || !isHost(authority)
        ? fault("The URL in the request target has no valid host.", "invalid_target")
        : Optional.empty();
  }

  private static Optional<ErrorBody> hostFault(HttpServerRequest request) {
    var hosts = request.headers().getAll(HttpHeaderNames.HOST);
    if (hosts.size() > 1) {
      return fault("The request has more than one Host header.", "invalid_host");
    }
    if (hosts.isEmpty()) {
      return request.version() == HttpVersion.HTTP_1_1
          ? fault("The request has no Host header.", "invalid_host")
          : Optional.empty();
    }
    return isHost(hosts.getFirst().trim())
        ? Optional.empty()
        : fault("The Host header is not a host with or without a port.", "invalid_host");
  }

  /** Whether all characters may be part of a host and a port. A host may be empty. */
  private static boolean isHost(String text) {
    for (var i = 0; i < text.length(); i++) {
      var c = text.charAt(i);
      var letterOrDigit =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (!letterOrDigit && HOST_MARKS.indexOf(c) < 0 && c != '_') {
        return false;
      }
    }
    return true;
  }

  private static Optional<ErrorBody> fault(String message, String code) {
    return Optional.of(ErrorBody.invalidRequest(message, "", code));
  }
}
