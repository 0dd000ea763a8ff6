package dev.sluice.epp;

import com.google.protobuf.ByteString;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.sluice.serving.refusal.Refusal;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption.HeaderAppendAction;
import io.envoyproxy.envoy.service.ext_proc.v3.BodyMutation;
import io.envoyproxy.envoy.service.ext_proc.v3.BodyResponse;
import io.envoyproxy.envoy.service.ext_proc.v3.CommonResponse;
import io.envoyproxy.envoy.service.ext_proc.v3.HeaderMutation;
import io.envoyproxy.envoy.service.ext_proc.v3.HeadersResponse;
import io.envoyproxy.envoy.service.ext_proc.v3.ImmediateResponse;
import io.envoyproxy.envoy.service.ext_proc.v3.ProcessingResponse;
import io.envoyproxy.envoy.service.ext_proc.v3.StreamedBodyResponse;
import io.envoyproxy.envoy.service.ext_proc.v3.TrailersResponse;
import io.envoyproxy.envoy.type.v3.HttpStatus;
import java.util.List;
import java.util.Map;

/** The messages that a picker sends. Each is made of its parts alone; nothing is kept. */
final class Replies {
  private static final ProcessingResponse REQUEST_TRAILERS =
      ProcessingResponse.newBuilder()
          .setRequestTrailers(TrailersResponse.getDefaultInstance())
          .build();
  private static final ProcessingResponse RESPONSE_TRAILERS =
      ProcessingResponse.newBuilder()
          .setResponseTrailers(TrailersResponse.getDefaultInstance())
          .build();
  private static final ProcessingResponse RESPONSE_HEADERS =
      ProcessingResponse.newBuilder()
          .setResponseHeaders(
              HeadersResponse.newBuilder().setResponse(CommonResponse.getDefaultInstance()))
          .build();

  private Replies() {}

  /**
   * The answer to the headers of a request: the destination in a header and, equal, in the dynamic
   * metadata.
   *
   * @param set the headers to set beside the destination
   * @param remove the headers that the model server must not see
   */
  static ProcessingResponse destination(
      String address, Map<String, String> set, List<String> remove) {
    var mutation = HeaderMutation.newBuilder().addAllRemoveHeaders(remove);
    mutation.addSetHeaders(header(Names.DESTINATION, address));
    set.forEach((name, value) -> mutation.addSetHeaders(header(name, value)));
    var entry = Struct.newBuilder().putFields(Names.DESTINATION, string(address));
    return ProcessingResponse.newBuilder()
        .setRequestHeaders(
            HeadersResponse.newBuilder()
                .setResponse(
                    CommonResponse.newBuilder()
                        .setClearRouteCache(true)
                        .setHeaderMutation(mutation)))
        .setDynamicMetadata(
            Struct.newBuilder()
                .putFields(
                    Names.DESTINATION_NAMESPACE, Value.newBuilder().setStructValue(entry).build()))
        .build();
  }

  static ProcessingResponse requestBody(ByteString piece, boolean endOfStream) {
    return ProcessingResponse.newBuilder().setRequestBody(body(piece, endOfStream)).build();
  }

  static ProcessingResponse requestTrailers() {
    return REQUEST_TRAILERS;
  }

  /** The answer to the headers of a response, which pass as they are. */
  static ProcessingResponse responseHeaders() {
    return RESPONSE_HEADERS;
  }

  static ProcessingResponse responseBody(ByteString piece, boolean endOfStream) {
    return ProcessingResponse.newBuilder().setResponseBody(body(piece, endOfStream)).build();
  }

  static ProcessingResponse responseTrailers() {
    return RESPONSE_TRAILERS;
  }

  /** The answer to the client in place of a model server's. */
  static ProcessingResponse refusal(Refusal refusal, ErrorFormat format) {
    var headers = HeaderMutation.newBuilder();
    if (!refusal.reason().isEmpty()) {
      headers.addSetHeaders(header(Refusal.REASON_HEADER, refusal.reason()));
    }
    if (refusal.retryAfterSeconds() > 0) {
      headers.addSetHeaders(header("retry-after", Long.toString(refusal.retryAfterSeconds())));
    }
    if (!refusal.shouldRetry().isEmpty()) {
      headers.addSetHeaders(header("x-should-retry", refusal.shouldRetry()));
    }
    var error = refusal.error();
    var json = format == ErrorFormat.JSON;
    headers.addSetHeaders(header("content-type", json ? "application/json" : "text/plain"));
    return ProcessingResponse.newBuilder()
        .setImmediateResponse(
            ImmediateResponse.newBuilder()
                .setStatus(HttpStatus.newBuilder().setCodeValue(error.status()))
                .setHeaders(headers)
                .setBody(
                    json
                        ? ByteString.copyFrom(error.toJson())
                        : ByteString.copyFromUtf8(
                            "inference error: " + word(error.status()) + " - " + error.message())))
        .build();
  }

  /** Upstream's word for a status, and words of the same kind for those that it does not use. */
  private static String word(int status) {
    return switch (status) {
      case 401 -> "Unauthorized";
      case 403 -> "Forbidden";
      case 404 -> "NotFound";
      case 405 -> "MethodNotAllowed";
      case 408 -> "RequestTimeout";
      case 413 -> "PayloadTooLarge";
      case 415 -> "UnsupportedMediaType";
      case 429 -> "ResourceExhausted";
      case 503 -> "ServiceUnavailable";
      default -> status < 500 ? "BadRequest" : "Internal";
    };
  }

  private static BodyResponse body(ByteString piece, boolean endOfStream) {
    return BodyResponse.newBuilder()
        .setResponse(
            CommonResponse.newBuilder()
                .setBodyMutation(
                    BodyMutation.newBuilder()
                        .setStreamedResponse(
                            StreamedBodyResponse.newBuilder()
                                .setBody(piece)
                                .setEndOfStream(endOfStream))))
        .build();
  }

  private static HeaderValueOption header(String name, String value) {
    return HeaderValueOption.newBuilder()
        .setHeader(
            HeaderValue.newBuilder().setKey(name).setRawValue(ByteString.copyFromUtf8(value)))
        .setAppendAction(HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD)
        .build();
  }

  private static Value string(String value) {
    return Value.newBuilder().setStringValue(value).build();
  }
}
