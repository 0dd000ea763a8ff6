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
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vertx.core.Context;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.internal.buffer.BufferInternal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
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
final class Exchange {
  private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);
  private static final long UNKNOWN_LENGTH = -1;
  private static final int PROGRESS_EVENTS = 100;
  private static final long LINGER_MILLIS = 2_000;
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
  private final HttpClient client;
  private final HttpServerRequest request;
  private final HttpServerResponse response;
  private final Identity.Known identity;
  private final Optional<ApiKind> kind;
  private final String id;

  private State state = State.READING;
  private final List<Buffer> body = new ArrayList<>(1);
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
  private @Nullable HttpClientRequest upstream;
  private @Nullable ErrorBody failure;
  private UsageWatch usage = UsageWatch.none();
  private final Set<String> tried = new HashSet<>(2);

  Exchange(
      Shared shared,
      Context context,
      HttpClient client,
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
    this.id = given == null || given.isBlank() ? UUID.randomUUID().toString() : given;
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
    request.handler(this::received);
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

  private void received(Buffer chunk) {
    if (state != State.READING) {
      return;
    }
    bodyBytes += chunk.length();
    if (bodyBytes > shared.options().maxBodyBytes()) {
      refuse(Refusal.of(ErrorBody.bodyTooLarge(shared.options().maxBodyBytes())));
      return;
    }
    if (bodyBytes > reservedBytes && !reserve(bodyBytes - reservedBytes)) {
      return;
    }
    body.add(chunk);
  }

  private void received() {
    if (state != State.READING) {
      return;
    }
    stopTimer();
    if (kind.isPresent()) {
      switch (shared.scanner().scan(kind.get(), views())) {
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
    if (!scanned.stream() || splice.isNone() || !shared.options().askForUsage()) {
      return;
    }
    var edited = splice.apply(views());
    body.clear();
    for (var piece : edited) {
      body.add(BufferInternal.buffer(Unpooled.wrappedBuffer(piece)));
    }
    bodyBytes += splice.growth();
    usageHidden = true;
  }

  private List<ByteBuffer> views() {
    var views = new ArrayList<ByteBuffer>(body.size());
    for (var chunk : body) {
      views.add(((BufferInternal) chunk).getByteBuf().nioBuffer());
    }
    return views;
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
    var target =
        new RequestOptions()
            .setMethod(request.method())
            .setHost(endpoint.host())
            .setPort(endpoint.port())
            .setSsl(endpoint.isTls())
            .setURI(endpoint.target(request.uri()))
            .setIdleTimeout(shared.options().responseTimeout().toMillis());
    client
        .request(target)
        .onComplete(opened -> {
          if (opened.failed()) {
            callFailed(chosen, opened.cause(), true);
          } else if (state != State.CALLING) {
            opened.result().reset(); // its client left while the connection opened
          } else {
            send(chosen, opened.result());
          }
        });
  }

  private void send(EndpointLease chosen, HttpClientRequest opened) {
    upstream = opened;
    copyRequestHeaders(opened);
    opened
        .response()
        .onComplete(answered -> {
          if (answered.failed()) {
            callFailed(chosen, answered.cause(), false);
          } else if (state == State.CALLING) {
            relay(answered.result());
          }
        });
    if (bodyBytes > 0 || request.getHeader("content-length") != null) {
      opened.putHeader("content-length", Long.toString(bodyBytes));
    }
    var _ = body.isEmpty() ? opened.end() : opened.end(wholeBody());
  }

  /** The body as one buffer over its pieces, so that it leaves with its headers in one write. */
  private Buffer wholeBody() {
    if (body.size() == 1) {
      return body.getFirst();
    }
    var pieces = new ByteBuf[body.size()];
    for (var i = 0; i < pieces.length; i++) {
      pieces[i] = ((BufferInternal) body.get(i)).getByteBuf();
    }
    return BufferInternal.buffer(Unpooled.wrappedBuffer(pieces.length, pieces));
  }

  private void copyRequestHeaders(HttpClientRequest opened) {
    var forConnection = connectionHeaders(request.headers());
    for (var header : request.headers()) {
      var name = header.getKey().toLowerCase(Locale.ROOT);
      if (forConnection.contains(name)
          || name.equals("host")
          || name.equals("content-length")
          || name.equals("expect")
          || name.equals("accept-encoding") // the usage has to be read
          || shared.ownHeaders().contains(name)
          || (name.equals("authorization") && identity.byKey())) {
        continue;
      }
      opened.headers().add(header.getKey(), header.getValue());
    }
    opened.putHeader("x-request-id", id);
    if (!shared.options().upstreamApiKey().isEmpty()) {
      opened.putHeader("authorization", "Bearer " + shared.options().upstreamApiKey());
    }
  }

  /**
   * Names, in lower case, of the headers that are for one connection, not for what is behind it.
   */
  private static Set<String> connectionHeaders(MultiMap headers) {
    if (!headers.contains("connection")) {
      return HOP_BY_HOP;
    }
    var names = new HashSet<>(HOP_BY_HOP);
    for (var value : headers.getAll("connection")) {
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
    if (kind.isPresent()
        && (cause instanceof HttpClosedException || cause instanceof IOException)) {
      call(); // as with an idle connection that it closed: no byte was answered, so another may
    } else {
      fail(failure);
    }
  }

  // ANSWERING

  private void relay(HttpClientResponse answer) {
    state = State.ANSWERING;
    releaseBody();
    response.setStatusCode(answer.statusCode());
    if (scan != null && answer.statusCode() == 200) {
      var encoding = answer.getHeader("content-encoding");
      var plain = encoding == null || encoding.equalsIgnoreCase("identity");
      usage = UsageWatch.of(answer.getHeader("content-type"), usageHidden && plain);
    }
    var hasLength = false;
    var forConnection = connectionHeaders(answer.headers());
    for (var header : answer.headers()) {
      var name = header.getKey().toLowerCase(Locale.ROOT);
      if (!forConnection.contains(name) && !(usage.shortens() && name.equals("content-length"))) {
        hasLength |= name.equals("content-length");
        response.headers().add(header.getKey(), header.getValue());
      }
    }
    response.putHeader("x-request-id", id);
    if (!hasLength && mayHaveBody(answer)) {
      response.setChunked(true);
    }
    answer.exceptionHandler(cause -> answerFailed(cause));
    answer.handler(chunk -> pass(answer, chunk));
    answer.endHandler(ignored -> answered());
  }

  private boolean mayHaveBody(HttpClientResponse answer) {
    return request.version() != HttpVersion.HTTP_2
        && answer.statusCode() != 204
        && answer.statusCode() != 304;
  }

  private void pass(HttpClientResponse answer, Buffer chunk) {
    if (state != State.ANSWERING) {
      return;
    }
    write(usage.feed(chunk));
    if (usage.advanced(PROGRESS_EVENTS) && permit != null) {
      permit.progress(usage.used(inputTokens));
    }
    if (response.writeQueueFull()) {
      answer.pause();
      startTimer(shared.options().clientTimeout().toMillis(), this::clientGone);
      response.drainHandler(ignored -> {
        stopTimer();
        answer.resume();
      });
    }
  }

  private void write(Buffer piece) {
    if (piece.length() > 0) {
      var _ = response.write(piece);
    }
  }

  private void answered() {
    if (state == State.ANSWERING) {
      upstream = null; // it is over, there is nothing to cancel
      write(usage.rest());
      var _ = response.end();
      end(usage.used(inputTokens));
    }
  }

  /** The endpoint broke off: so must the answer, or its client would take it for complete. */
  private void answerFailed(Throwable cause) {
    if (state == State.ANSWERING) {
      LOG.debug("Endpoint broke off the answer to request {}", id, cause);
      upstream = null;
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
    var calling = upstream;
    var used = was == State.ANSWERING ? usage.used(inputTokens) : Usage.NONE;
    end(used);
    if (waiting != null) {
      waiting.cancel();
    }
    if (calling != null) {
      var _ = calling.reset();
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
    body.clear();
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
