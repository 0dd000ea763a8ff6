package dev.sluice.gateway;

import dev.sluice.endpoints.EndpointChoice;
import dev.sluice.endpoints.EndpointLease;
import dev.sluice.flowcontrol.controller.PendingAdmission;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.Usage;
import dev.sluice.inference.ApiKind;
import dev.sluice.inference.ErrorBody;
import dev.sluice.inference.RequestScan;
import dev.sluice.inference.ScanResult;
import dev.sluice.serving.refusal.Refusal;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.vertx.core.Context;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.internal.buffer.BufferInternal;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request, from its headers to the last byte of its answer. Lives on one event loop, on which
 * all its methods run.
 *
 * <pre>
 * from      event                                       to
 * READING   body complete, scanned, offered             WAITING
 * WAITING   dispatched                                  CALLING
 * CALLING   no connection, another endpoint is left     CALLING
 * CALLING   the answer's head came                      ANSWERING
 * any       refused, failed, answered, client gone      ENDED
 * </pre>
 *
 * <p>Entering ENDED gives back the body's memory, the permit and the endpoint's place, whichever
 * are held, and happens once.
 */
final class Exchange implements EndpointConnection.Answer {
  private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);
  private static final long UNKNOWN_LENGTH = -1;
  private static final int PROGRESS_EVENTS = 100;
  private static final long LINGER_MILLIS = 2_000;

  /** A smaller piece of a body is copied, so that it does not hold the much larger buffer read. */
  private static final int SMALLEST_HELD_BYTES = 4 << 10;

  private static final Set<String> HOP_BY_HOP =
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

  private enum State {
    READING,
    WAITING,
    CALLING,
    ANSWERING,
    ENDED
  }

  private final Shared shared;
  private final Context context;
  private final Vertx vertx;
  private final EndpointClient client;
  private final HttpServerRequest request;
  private final HttpServerResponse response;
  private final Identity.Known identity;
  private final Optional<ApiKind> kind;
  private final String id;

  private State state = State.READING;
  private @Nullable ByteBuf body;
  private long bodyBytes;
  private boolean usageHidden;
  private long reservedBytes;
  private long timer = -1;
  private @Nullable RequestScan scan;
  private Eligibility needs = Eligibility.ANY;
  private long inputTokens;
  private @Nullable PendingAdmission pending;
  private @Nullable Permit permit;
  private @Nullable EndpointLease lease;
  private @Nullable EndpointConnection upstream;

  /** What of the answer has come and is not written yet. */
  private @Nullable ByteBuf unwritten;

  private @Nullable ErrorBody failure;
  private UsageWatch usage = UsageWatch.none();
  private final Set<String> tried = new HashSet<>(2);

  Exchange(
      Shared shared,
      Context context,
      EndpointClient client,
      HttpServerRequest request,
      Identity.Known identity,
      Optional<ApiKind> kind) {
    this.shared = shared;
    this.context = context;
    this.vertx = context.owner();
    this.client = client;
    this.request = request;
    this.response = request.response();
    this.identity = identity;
    this.kind = kind;
    var given = request.getHeader("x-request-id");
    this.id = given == null || given.isBlank() ? randomId() : given;
  }

  /** Unlike others, none that has to be hard to guess. */
  private static String randomId() {
    var random = ThreadLocalRandom.current();
    return new UUID(
            random.nextLong() & ~0xf000L | 0x4000L,
            random.nextLong() & (-1L >>> 2) | Long.MIN_VALUE)
        .toString();
  }

  // READING

  void begin() {
    var length = contentLength();
    var limit = shared.options().maxBodyBytes();
    if (length > limit) {
      refuse(Refusal.of(ErrorBody.bodyTooLarge(limit)));
      return;
    }
    if (!reserve(Math.max(0, length))) {
      return;
    }
    response.closeHandler(ignored -> clientGone());
    response.exceptionHandler(ignored -> clientGone());
    request.exceptionHandler(ignored -> clientGone());
    if (!ClientConnection.giveBody(request, this::received)) {
      request.handler(chunk -> received(((BufferInternal) chunk).getByteBuf()));
    }
    request.endHandler(ignored -> guarded(this::received));
    if (length != 0) {
      startTimer(
          shared.options().bodyTimeout().toMillis(),
          () ->
              refuse(
                  Refusal.of(
                      ErrorBody.requestTimeout(
                          "The body did not arrive within "
                              + shared.options().bodyTimeout().toSeconds()
                              + " s."))));
    }
  }

  private long contentLength() {
    var header = request.getHeader("content-length");
    if (header != null) {
      return Long.parseLong(header.trim()); // the decoder has refused what is no number
    }
    return request.getHeader("transfer-encoding") == null ? 0 : UNKNOWN_LENGTH;
  }

  private boolean reserve(long bytes) {
    if (shared.budget().reserve(bytes)) {
      reservedBytes += bytes;
      return true;
    }
    refuse(
        Refusal.saturated(
            "The gateway holds all of the "
                + shared.budget().limitBytes()
                + " bytes of request bodies that it may."));
    return false;
  }

  private void received(ByteBuf chunk) {
    if (state == State.READING && hasRoomFor(chunk.readableBytes())) {
      hold(chunk);
    } else {
      chunk.release();
    }
  }

  private boolean hasRoomFor(int bytes) {
    bodyBytes += bytes;
    if (bodyBytes > shared.options().maxBodyBytes()) {
      refuse(Refusal.of(ErrorBody.bodyTooLarge(shared.options().maxBodyBytes())));
      return false;
    }
    return bodyBytes <= reservedBytes || reserve(bodyBytes - reservedBytes);
  }

  private void hold(ByteBuf chunk) {
    var piece = chunk;
    if (chunk.readableBytes() < SMALLEST_HELD_BYTES) {
      piece = chunk.alloc().directBuffer(chunk.readableBytes()).writeBytes(chunk);
      chunk.release();
    }
    if (body == null) {
      body = piece;
    } else if (body instanceof CompositeByteBuf pieces) {
      pieces.addComponent(true, piece);
    } else {
      body = Unpooled.compositeBuffer(Integer.MAX_VALUE).addComponents(true, body, piece);
    }
  }

  private void received() {
    if (state != State.READING) {
      return;
    }
    stopTimer();
    if (kind.isPresent()) {
      switch (shared
          .scanner()
          .scan(kind.get(), body == null ? List.of() : List.of(body.nioBuffers()))) {
        case ScanResult.Invalid invalid -> refuse(Refusal.of(invalid.toErrorBody()));
        case ScanResult.Ok(var scanned) -> {
          if (!shared.pool().serves(scanned.model())) {
            refuse(Refusal.of(ErrorBody.modelNotFound(scanned.model())));
            return;
          }
          scan = scanned;
          needs = Eligibility.ofModel(scanned.model());
          askForUsage(scanned);
          offer();
        }
      }
    } else {
      offer();
    }
  }

  /**
   * A stream says what it used only if it is asked to; {@link UsageWatch.HiddenUsage} keeps the
   * answer from a client that did not ask.
   */
  private void askForUsage(RequestScan scanned) {
    var splice = scanned.usageSplice();
    if (body == null || !scanned.stream() || splice.isNone() || !shared.options().askForUsage()) {
      return;
    }
    var edit = (int) splice.offset();
    var rest = edit + splice.removedBytes();
    var whole = body;
    body =
        Unpooled.wrappedBuffer(
            whole.retainedSlice(whole.readerIndex(), edit),
            Unpooled.copiedBuffer(splice.inserted(), StandardCharsets.US_ASCII),
            whole.retainedSlice(whole.readerIndex() + rest, whole.readableBytes() - rest));
    whole.release();
    bodyBytes += splice.growth();
    usageHidden = true;
  }

  // WAITING

  private void offer() {
    inputTokens = scan == null ? 0 : shared.options().tokenEstimator().inputTokens(scan);
    state = State.WAITING;
    var builder =
        FlowControlRequest.builder(id, identity.flow())
            .tenant(identity.tenant())
            .sizeBytes(bodyBytes)
            .inputTokens(inputTokens)
            .eligibility(needs);
    if (!identity.timeToLive().isNegative()) {
      builder.timeToLive(identity.timeToLive());
    }
    if (!identity.sloTarget().isNegative()) {
      builder.sloTarget(identity.sloTarget());
    }
    if (scan != null && scan.hasMaxOutputTokens()) {
      builder.maxOutputTokens(scan.maxOutputTokens());
    }
    var offered =
        shared
            .controller()
            .enqueue(
                builder.build(),
                admission -> {
                  if (Vertx.currentContext() == context) {
                    guarded(() -> decided(admission));
                  } else {
                    context.runOnContext(ignored -> guarded(() -> decided(admission)));
                  }
                });
    if (state == State.WAITING) {
      pending = offered;
    }
  }

  private void decided(Admission admission) {
    pending = null;
    switch (admission) {
      case Admission.Dispatched(var granted, var waited) -> {
        if (state == State.WAITING) {
          permit = granted;
          state = State.CALLING;
          call();
        } else {
          granted.complete(Usage.NONE); // its client left while the outcome was on the way
        }
      }
      case Admission.Rejected rejected -> refuse(Refusal.of(rejected));
      case Admission.Evicted evicted -> refuse(Refusal.of(evicted));
    }
  }

  // CALLING

  private void call() {
    switch (shared.pool().choose(needs, tried)) {
      case EndpointChoice.Chosen(var chosen) -> call(chosen);
      case EndpointChoice.UnknownModel(var model) ->
          refuse(Refusal.of(ErrorBody.modelNotFound(model)));
      case EndpointChoice.NoEndpoints() -> {
        if (failure != null) {
          fail(failure);
        } else {
          refuse(
              Refusal.noEndpoints(
                  tried.isEmpty()
                      ? "none is healthy that could serve the request"
                      : "none accepted a connection"));
        }
      }
      case EndpointChoice.NoRoom() ->
          refuse(Refusal.saturated("Every endpoint runs as many requests as it may."));
      case EndpointChoice.PickerFailed ignored -> // the pool has logged it
          fail(ErrorBody.internal("The endpoint picker failed."));
    }
  }

  private void call(EndpointLease chosen) {
    lease = chosen;
    var endpoint = chosen.endpoint();
    tried.add(endpoint.id());
    if (permit != null) {
      permit.bind(endpoint.id());
    }
    var waiting = client.take(endpoint);
    if (waiting != null) {
      send(chosen, waiting);
      return;
    }
    client
        .open(endpoint)
        .onComplete(opened -> {
          if (opened.failed()) {
            callFailed(chosen, opened.cause(), true);
          } else if (state != State.CALLING) {
            opened.result().rest(); // its client left while the connection opened
          } else {
            send(chosen, opened.result());
          }
        });
  }

  private void send(EndpointLease chosen, EndpointConnection opened) {
    upstream = opened;
    opened.send(upstreamRequest(chosen, opened.host()), this);
  }

  private FullHttpRequest upstreamRequest(EndpointLease chosen, String host) {
    var headers = DefaultHttpHeadersFactory.headersFactory().withValidation(false).newHeaders();
    headers.set(HttpHeaderNames.HOST, host);
    copyRequestHeaders(headers);
    var method = request.method().toNetty();
    if (bodyBytes > 0
        || request.getHeader("content-length") != null
        || request.getHeader("transfer-encoding") != null) {
      headers.set(HttpHeaderNames.CONTENT_LENGTH, bodyBytes);
    }
    return new DefaultFullHttpRequest(
        io.netty.handler.codec.http.HttpVersion.HTTP_1_1,
        method,
        chosen.endpoint().target(request.uri()),
        body == null ? Unpooled.EMPTY_BUFFER : body.retainedDuplicate(),
        headers,
        EmptyHttpHeaders.INSTANCE);
  }

  private void copyRequestHeaders(HttpHeaders to) {
    var forConnection = connectionHeaders(request.headers());
    for (var header : request.headers()) {
      var name = header.getKey().toLowerCase(Locale.ROOT);
      if (forConnection.contains(name)
          || name.equals("host")
          || name.equals("content-length")
          || name.equals("expect")
          || name.equals("x-request-id")
          || name.equals("accept-encoding") // the usage has to be read
          || shared.ownHeaders().contains(name)
          || (name.equals("authorization") && hasOwnAuthorization())) {
        continue;
      }
      to.add(header.getKey(), header.getValue());
    }
    to.add("x-request-id", id);
    if (!shared.options().upstreamApiKey().isEmpty()) {
      to.add(HttpHeaderNames.AUTHORIZATION, "Bearer " + shared.options().upstreamApiKey());
    }
  }

  /** Whether what the client says to prove itself is not what the endpoint wants. */
  private boolean hasOwnAuthorization() {
    return identity.byKey() || !shared.options().upstreamApiKey().isEmpty();
  }

  /**
   * Names, in lower case, of the headers that are for one connection, not for what is behind it.
   */
  private static Set<String> connectionHeaders(MultiMap headers) {
    return headers.contains("connection")
        ? connectionHeaders(headers.getAll("connection"))
        : HOP_BY_HOP;
  }

  private static Set<String> connectionHeaders(List<String> values) {
    var names = new HashSet<>(HOP_BY_HOP);
    for (var value : values) {
      for (var name : value.split(",", -1)) {
        names.add(name.trim().toLowerCase(Locale.ROOT));
      }
    }
    return names;
  }

  private void callFailed(EndpointLease chosen, Throwable cause, boolean connecting) {
    if (state != State.CALLING) {
      return;
    }
    upstream = null;
    chosen.close();
    lease = null;
    var name = chosen.endpoint().id();
    LOG.debug("Endpoint {} failed request {}", name, id, cause);
    if (connecting) {
      shared.pool().connectFailed(name);
      call();
      return;
    }
    if (cause instanceof TimeoutException) {
      fail(
          ErrorBody.gatewayTimeout(
              "Endpoint "
                  + name
                  + " did not answer within "
                  + shared.options().responseTimeout().toMillis()
                  + " ms."));
      return;
    }
    failure = ErrorBody.badGateway("Endpoint " + name + " gave no valid answer.");
    if (kind.isPresent() && cause instanceof IOException) {
      call(); // as with an idle connection that it closed: no byte was answered, so another may
    } else {
      fail(failure);
    }
  }

  // ANSWERING

  @Override
  public void began(HttpResponse head) {
    if (state != State.CALLING) {
      return;
    }
    state = State.ANSWERING;
    releaseBody();
    var status = head.status().code();
    response.setStatusCode(status);
    if (scan != null && status == 200) {
      var encoding = head.headers().get(HttpHeaderNames.CONTENT_ENCODING);
      var plain = encoding == null || encoding.equalsIgnoreCase("identity");
      usage = UsageWatch.of(head.headers().get(HttpHeaderNames.CONTENT_TYPE), usageHidden && plain);
    }
    var hasLength = copyAnswerHeaders(head.headers());
    response.putHeader("x-request-id", id);
    if (!hasLength && mayHaveBody(status)) {
      response.setChunked(true);
    }
  }

  /** Copies what is for the client; says whether the length is among it. */
  private boolean copyAnswerHeaders(HttpHeaders headers) {
    var hasLength = false;
    var forConnection =
        headers.contains(HttpHeaderNames.CONNECTION)
            ? connectionHeaders(headers.getAll(HttpHeaderNames.CONNECTION))
            : HOP_BY_HOP;
    for (var header : headers) {
      var name = header.getKey().toLowerCase(Locale.ROOT);
      if (!forConnection.contains(name) && !(usage.shortens() && name.equals("content-length"))) {
        hasLength |= name.equals("content-length");
        response.headers().add(header.getKey(), header.getValue());
      }
    }
    return hasLength;
  }

  private boolean mayHaveBody(int status) {
    return request.version() != HttpVersion.HTTP_2 && status != 204 && status != 304;
  }

  @Override
  public void came(ByteBuf piece) {
    if (state != State.ANSWERING) {
      piece.release();
      return;
    }
    keep(usage.feed(piece));
    if (usage.advanced(PROGRESS_EVENTS) && permit != null) {
      permit.progress(usage.used(inputTokens));
    }
  }

  private void keep(ByteBuf passing) {
    if (!passing.isReadable()) {
      passing.release();
    } else if (unwritten == null) {
      unwritten = passing;
    } else if (unwritten instanceof CompositeByteBuf pieces) {
      pieces.addComponent(true, passing);
    } else {
      unwritten =
          Unpooled.compositeBuffer(Integer.MAX_VALUE).addComponents(true, unwritten, passing);
    }
  }

  /** What came in one read goes in one write. */
  @Override
  public void drained() {
    if (state != State.ANSWERING || unwritten == null) {
      return;
    }
    var piece = takeUnwritten();
    response.write(BufferInternal.buffer(piece)).onComplete(ignored -> piece.release());
    if (response.writeQueueFull() && upstream != null) {
      upstream.pause();
      startTimer(shared.options().clientTimeout().toMillis(), this::clientGone);
      response.drainHandler(ignored -> {
        stopTimer();
        if (upstream != null) {
          upstream.resume();
        }
      });
    }
  }

  /** Its caller's to release when it has been written: Vert.x releases no buffers but its own. */
  private ByteBuf takeUnwritten() {
    var taken = unwritten == null ? Unpooled.EMPTY_BUFFER : unwritten;
    unwritten = null;
    if (request.version() == HttpVersion.HTTP_2) { // its streams may drop a write, and not say so
      var copy = Unpooled.copiedBuffer(taken);
      taken.release();
      taken = copy;
    }
    return taken;
  }

  @Override
  public void ended() {
    upstream = null; // it is over, there is nothing to cancel
    if (state == State.ANSWERING) {
      keep(usage.rest());
      if (unwritten == null) {
        var _ = response.end();
      } else {
        var piece = takeUnwritten();
        response.end(BufferInternal.buffer(piece)).onComplete(ignored -> piece.release());
      }
      end(usage.used(inputTokens));
    }
  }

  @Override
  public void failed(Throwable cause) {
    upstream = null;
    if (state == State.CALLING && lease != null) {
      callFailed(lease, cause, false);
    } else {
      answerFailed(cause);
    }
  }

  /** The endpoint broke off: so must the answer, or its client would take it for complete. */
  private void answerFailed(Throwable cause) {
    if (state == State.ANSWERING) {
      LOG.debug("Endpoint broke off the answer to request {}", id, cause);
      drained();
      end(usage.used(inputTokens));
      var _ = response.reset();
    }
  }

  // ENDED

  private void clientGone() {
    if (state == State.ENDED) {
      return;
    }
    var was = state;
    var waiting = pending;
    var used = was == State.ANSWERING ? usage.used(inputTokens) : Usage.NONE;
    end(used);
    if (waiting != null) {
      waiting.cancel();
    }
    if (was == State.ANSWERING && !response.closed()) {
      var _ = response.reset();
    }
  }

  /** A step that throws, as a plugin's fault may make it, costs this request and nobody else. */
  private void guarded(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException e) {
      LOG.error("Request {} failed", id, e);
      fail(ErrorBody.internal("The gateway failed to handle the request."));
    }
  }

  private void fail(ErrorBody error) {
    refuse(Refusal.of(error));
  }

  private void refuse(Refusal refusal) {
    if (state == State.ENDED) {
      return;
    }
    var bodyUnread = !request.isEnded();
    end(Usage.NONE);
    response.putHeader("x-request-id", id);
    answer(request, refusal, false);
    if (bodyUnread && request.version() != HttpVersion.HTTP_2) {
      // What still comes is read and dropped: a connection closed at once would lose the answer.
      startTimer(
          LINGER_MILLIS,
          () -> {
            if (!request.isEnded()) {
              var _ = request.connection().close();
            }
          });
    }
  }

  private void end(Usage used) {
    state = State.ENDED;
    stopTimer();
    releaseBody();
    if (upstream != null) {
      upstream.abort();
      upstream = null;
    }
    if (unwritten != null) {
      unwritten.release();
      unwritten = null;
    }
    if (lease != null) {
      lease.close();
      lease = null;
    }
    if (permit != null) {
      permit.complete(used);
      permit = null;
    }
  }

  private void releaseBody() {
    shared.budget().release(reservedBytes);
    reservedBytes = 0;
    if (body != null) {
      body.release();
      body = null;
    }
  }

  /**
   * Answers with an error, and closes the connection after it if nothing good can come on it any
   * more.
   */
  static void answer(HttpServerRequest request, Refusal refusal, boolean close) {
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
    if (close && request.version() != HttpVersion.HTTP_2) {
      response.putHeader("connection", "close");
    }
    var body = Buffer.buffer(refusal.error().toJson());
    response.putHeader("content-length", Integer.toString(body.length()));
    var sent = request.method().equals(HttpMethod.HEAD) ? response.end() : response.end(body);
    if (close && request.version() != HttpVersion.HTTP_2) {
      sent.onComplete(ignored -> request.connection().close());
    }
  }

  private void startTimer(long millis, Runnable action) {
    stopTimer();
    timer =
        vertx.setTimer(
            millis,
            ignored -> {
              timer = -1;
              action.run();
            });
  }

  private void stopTimer() {
    if (timer >= 0) {
      vertx.cancelTimer(timer);
      timer = -1;
    }
  }
}
