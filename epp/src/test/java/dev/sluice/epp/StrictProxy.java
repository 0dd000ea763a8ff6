package dev.sluice.epp;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import com.google.protobuf.ListValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.core.v3.HeaderMap;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.core.v3.Metadata;
import io.envoyproxy.envoy.service.ext_proc.v3.BodyResponse;
import io.envoyproxy.envoy.service.ext_proc.v3.CommonResponse;
import io.envoyproxy.envoy.service.ext_proc.v3.ExternalProcessorGrpc;
import io.envoyproxy.envoy.service.ext_proc.v3.HttpBody;
import io.envoyproxy.envoy.service.ext_proc.v3.HttpHeaders;
import io.envoyproxy.envoy.service.ext_proc.v3.HttpTrailers;
import io.envoyproxy.envoy.service.ext_proc.v3.ImmediateResponse;
import io.envoyproxy.envoy.service.ext_proc.v3.ProcessingRequest;
import io.envoyproxy.envoy.service.ext_proc.v3.ProcessingResponse;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A proxy for one request that forgives nothing. It fails on a reply that is out of order or after
 * the end of its direction, on a body reply that is not a streamed one, on a piece of more than 64
 * KiB, and on a destination whose header and metadata differ.
 *
 * <p>This class is long because it has both sides of the protocol: what it says, and the rules for
 * what it hears.
 */
final class StrictProxy implements ClientResponseObserver<ProcessingRequest, ProcessingResponse> {
  private static final long PATIENCE_SECONDS = 20;
  private static final int LARGEST_PIECE_BYTES = 64 << 10;

  private enum Leg {
    SILENT,
    ASKED,
    HEADERS,
    ENDED
  }

  /** A reply, the end of the stream, or a broken rule. */
  private sealed interface Event {
    record Reply(ProcessingResponse message) implements Event {}

    record End(Status status) implements Event {}

    record Violation(String rule) implements Event {}
  }

  private final LinkedBlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private @Nullable ClientCallStreamObserver<ProcessingRequest> stream;
  private volatile Leg request = Leg.SILENT;
  private volatile Leg response = Leg.SILENT;
  private volatile boolean requestTrailers;
  private volatile boolean responseTrailers;
  private volatile boolean refused;

  /** Opens a stream. */
  static StrictProxy open(Channel channel) {
    var proxy = new StrictProxy();
    var _ = ExternalProcessorGrpc.newStub(channel).process(proxy);
    return proxy;
  }

  // What the picker says

  @Override
  public void beforeStart(ClientCallStreamObserver<ProcessingRequest> started) {
    stream = started;
  }

  @Override
  public void onNext(ProcessingResponse reply) {
    var broken = brokenRule(reply);
    events.add(broken == null ? new Event.Reply(reply) : new Event.Violation(broken));
  }

  @Override
  public void onError(Throwable thrown) {
    events.add(new Event.End(Status.fromThrowable(thrown)));
  }

  @Override
  public void onCompleted() {
    events.add(new Event.End(Status.OK));
  }

  private @Nullable String brokenRule(ProcessingResponse reply) {
    if (refused) {
      return "a reply after an immediate response";
    }
    return switch (reply.getResponseCase()) {
      case REQUEST_HEADERS -> {
        var rule = headers(request, reply.getRequestHeaders().getResponse());
        request = Leg.HEADERS;
        yield rule == null ? destination(reply) : rule;
      }
      case RESPONSE_HEADERS -> {
        var rule = headers(response, reply.getResponseHeaders().getResponse());
        response = Leg.HEADERS;
        yield rule;
      }
      case REQUEST_BODY -> {
        var rule = body(request, reply.getRequestBody(), requestTrailers);
        request = ends(reply.getRequestBody()) ? Leg.ENDED : request;
        yield rule;
      }
      case RESPONSE_BODY -> {
        var rule = body(response, reply.getResponseBody(), responseTrailers);
        response = ends(reply.getResponseBody()) ? Leg.ENDED : response;
        yield rule;
      }
      case REQUEST_TRAILERS -> {
        var allowed = request == Leg.HEADERS && requestTrailers;
        request = Leg.ENDED;
        yield allowed ? null : "request trailers out of order";
      }
      case RESPONSE_TRAILERS -> {
        var allowed = response == Leg.HEADERS && responseTrailers;
        response = Leg.ENDED;
        yield allowed ? null : "response trailers out of order";
      }
      case IMMEDIATE_RESPONSE -> {
        refused = true;
        yield response == Leg.SILENT || response == Leg.ASKED
            ? null
            : "an immediate response after the answer began";
      }
      case RESPONSE_NOT_SET -> "an empty reply";
      default -> "a reply that a picker does not send: " + reply.getResponseCase();
    };
  }

  private static @Nullable String headers(Leg leg, CommonResponse common) {
    if (leg != Leg.ASKED) {
      return "a headers reply in leg " + leg;
    }
    return common.hasBodyMutation() ? "a body in a headers reply" : null;
  }

  private static @Nullable String destination(ProcessingResponse reply) {
    var header = set(reply).get(Names.DESTINATION);
    var metadata =
        reply
            .getDynamicMetadata()
            .getFieldsOrDefault("envoy.lb", Value.getDefaultInstance())
            .getStructValue()
            .getFieldsOrDefault(Names.DESTINATION, Value.getDefaultInstance())
            .getStringValue();
    if (header == null || !header.equals(metadata)) {
      return "destination " + header + " in the header, " + metadata + " in the metadata";
    }
    return reply.getRequestHeaders().getResponse().getClearRouteCache()
        ? null
        : "the route cache is not cleared";
  }

  private static @Nullable String body(Leg leg, BodyResponse body, boolean trailers) {
    if (leg != Leg.HEADERS) {
      return "a body reply in leg " + leg;
    }
    if (!body.getResponse().getBodyMutation().hasStreamedResponse()) {
      return "a body reply that is not streamed";
    }
    var streamed = body.getResponse().getBodyMutation().getStreamedResponse();
    if (streamed.getBody().size() > LARGEST_PIECE_BYTES) {
      return "a piece of " + streamed.getBody().size() + " bytes";
    }
    return streamed.getEndOfStream() && trailers ? "an end of stream before trailers" : null;
  }

  private static boolean ends(BodyResponse body) {
    return body.getResponse().getBodyMutation().getStreamedResponse().getEndOfStream();
  }

  /** The next reply, whichever it is. */
  ProcessingResponse next() throws InterruptedException {
    return switch (event()) {
      case Event.Reply(var message) -> message;
      case Event.End(var status) -> throw new AssertionError("the stream ended: " + status);
      case Event.Violation(var rule) -> throw new AssertionError("broken rule: " + rule);
    };
  }

  /** The status with which the picker ends the stream, after no other reply. */
  Status end() throws InterruptedException {
    return switch (event()) {
      case Event.Reply(var message) -> throw new AssertionError("a reply: " + message);
      case Event.End(var status) -> status;
      case Event.Violation(var rule) -> throw new AssertionError("broken rule: " + rule);
    };
  }

  /** Whether the picker says nothing for a moment. */
  boolean hearsNothing() throws InterruptedException {
    return events.poll(200, TimeUnit.MILLISECONDS) == null;
  }

  private Event event() throws InterruptedException {
    var event = events.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (event == null) {
      throw new AssertionError("the picker said nothing for " + PATIENCE_SECONDS + " s");
    }
    return event;
  }

  /** The immediate response that comes next; after it the stream ends in order. */
  ImmediateResponse refusal() throws InterruptedException {
    var reply = next();
    if (!reply.hasImmediateResponse() || !end().isOk()) {
      throw new AssertionError("no immediate response and orderly end: " + reply);
    }
    return reply.getImmediateResponse();
  }

  /** The body of the request as it leaves, once its headers were answered. */
  byte[] requestBody() throws InterruptedException {
    var bytes = new ByteArrayOutputStream();
    BodyResponse body;
    do {
      var reply = next();
      if (reply.hasRequestTrailers()) {
        break;
      }
      body = reply.getRequestBody();
      bytes.writeBytes(
          body.getResponse().getBodyMutation().getStreamedResponse().getBody().toByteArray());
    } while (!ends(body));
    return bytes.toByteArray();
  }

  /** The next piece of the answer, as text. */
  String responsePiece() throws InterruptedException {
    var reply = next();
    if (!reply.hasResponseBody()) {
      throw new AssertionError("no piece of a body: " + reply);
    }
    return reply
        .getResponseBody()
        .getResponse()
        .getBodyMutation()
        .getStreamedResponse()
        .getBody()
        .toStringUtf8();
  }

  /** The headers that a reply sets, by name. */
  static Map<String, String> set(ProcessingResponse reply) {
    return set(reply.getRequestHeaders().getResponse().getHeaderMutation().getSetHeadersList());
  }

  /** The headers that an immediate response sets, by name. */
  static Map<String, String> set(ImmediateResponse reply) {
    return set(reply.getHeaders().getSetHeadersList());
  }

  private static Map<String, String> set(List<HeaderValueOption> options) {
    var set = new HashMap<String, String>();
    for (var option : options) {
      set.put(option.getHeader().getKey(), option.getHeader().getRawValue().toStringUtf8());
    }
    return set;
  }

  /** The headers that a reply removes. */
  static List<String> removed(ProcessingResponse reply) {
    return reply.getRequestHeaders().getResponse().getHeaderMutation().getRemoveHeadersList();
  }

  // What the proxy says

  /** Headers of a request: names and values in turn. A body follows. */
  StrictProxy headers(String... namesAndValues) {
    return headers(Metadata.getDefaultInstance(), false, namesAndValues);
  }

  StrictProxy headers(Metadata metadata, boolean endOfStream, String... namesAndValues) {
    request = Leg.ASKED;
    var headers = headerMap(namesAndValues);
    return send(
        ProcessingRequest.newBuilder()
            .setMetadataContext(metadata)
            .setRequestHeaders(
                HttpHeaders.newBuilder().setHeaders(headers).setEndOfStream(endOfStream)));
  }

  static HeaderMap headerMap(String... namesAndValues) {
    var headers = HeaderMap.newBuilder();
    for (var i = 0; i < namesAndValues.length; i += 2) {
      headers.addHeaders(
          HeaderValue.newBuilder()
              .setKey(namesAndValues[i])
              .setRawValue(ByteString.copyFromUtf8(namesAndValues[i + 1])));
    }
    return headers.build();
  }

  StrictProxy body(String text, boolean endOfStream) {
    return body(text.getBytes(UTF_8), endOfStream);
  }

  StrictProxy body(byte[] bytes, boolean endOfStream) {
    return body(Metadata.getDefaultInstance(), bytes, endOfStream);
  }

  StrictProxy body(Metadata metadata, byte[] bytes, boolean endOfStream) {
    return send(
        ProcessingRequest.newBuilder()
            .setMetadataContext(metadata)
            .setRequestBody(piece(bytes, endOfStream)));
  }

  private static HttpBody piece(byte[] bytes, boolean endOfStream) {
    return HttpBody.newBuilder()
        .setBody(ByteString.copyFrom(bytes))
        .setEndOfStream(endOfStream)
        .build();
  }

  StrictProxy trailers() {
    requestTrailers = true;
    return send(
        ProcessingRequest.newBuilder().setRequestTrailers(HttpTrailers.getDefaultInstance()));
  }

  StrictProxy responseHeaders(boolean endOfStream, String... namesAndValues) {
    response = Leg.ASKED;
    return send(
        ProcessingRequest.newBuilder()
            .setResponseHeaders(
                HttpHeaders.newBuilder()
                    .setHeaders(headerMap(namesAndValues))
                    .setEndOfStream(endOfStream)));
  }

  StrictProxy responseBody(String text, boolean endOfStream) {
    return send(
        ProcessingRequest.newBuilder().setResponseBody(piece(text.getBytes(UTF_8), endOfStream)));
  }

  StrictProxy responseTrailers() {
    responseTrailers = true;
    return send(
        ProcessingRequest.newBuilder().setResponseTrailers(HttpTrailers.getDefaultInstance()));
  }

  StrictProxy send(ProcessingRequest.Builder message) {
    opened().onNext(message.build());
    return this;
  }

  /** Closes the stream from this side, in order. */
  void close() {
    opened().onCompleted();
  }

  /** Resets the stream, as a proxy does if its client leaves. */
  void cancel() {
    opened().cancel("the client left", null);
  }

  private ClientCallStreamObserver<ProcessingRequest> opened() {
    if (stream == null) {
      throw new AssertionError("the stream was not opened");
    }
    return stream;
  }

  /** Metadata that limits the endpoints to a list of addresses. */
  static Metadata subset(String... addresses) {
    var list = ListValue.newBuilder();
    Arrays.stream(addresses)
        .forEach(address -> list.addValues(Value.newBuilder().setStringValue(address)));
    return subset(Value.newBuilder().setListValue(list).build());
  }

  static Metadata subset(Value value) {
    return Metadata.newBuilder()
        .putFilterMetadata(
            "envoy.lb.subset_hint",
            Struct.newBuilder().putFields("x-gateway-destination-endpoint-subset", value).build())
        .build();
  }
}
