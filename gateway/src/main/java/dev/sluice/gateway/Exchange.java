package dev.sluice.gateway;

import dev.sluice.endpoints.EndpointConfig;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.PendingAdmission;
import dev.sluice.flowcontrol.types.Usage;
import dev.sluice.gateway.upstream.AnswerListener;
import dev.sluice.gateway.upstream.EndpointConnection;
import dev.sluice.gateway.upstream.EndpointConnections;
import dev.sluice.inference.ApiKind;
import dev.sluice.inference.ErrorBody;
import dev.sluice.serving.attempts.Attempt;
import dev.sluice.serving.attempts.Attempts;
import dev.sluice.serving.attempts.Failure;
import dev.sluice.serving.identity.Identity;
import dev.sluice.serving.offer.Offer;
import dev.sluice.serving.refusal.Refusal;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request from its headers to the last byte of its answer: the states, and the owner of
 * everything that the request holds. In its names, <em>client</em> is always the caller and
 * <em>upstream</em> the connection to an endpoint. It lives on one event loop, on which all its
 * methods run.
 *
 * <pre>
 * from       event                                      to          fired by
 * READING    the body is complete and was offered       WAITING     bodyReceived
 * WAITING    dispatched                                 CALLING     decided
 * CALLING    the endpoint failed, another is tried      CALLING     attemptFailed
 * CALLING    the head of the answer arrived             ANSWERING   headReceived
 * ANSWERING  the answer is complete, or broken off      ENDED       completed, failed
 * any        refused                                    ENDED       refuse
 * any        the client went away or reads too slowly   ENDED       clientGone
 * </pre>
 *
 * <p>Entering ENDED happens once. It gives back the body's memory, the connection, the unwritten
 * bytes, the place on the endpoint and the permit, as far as they are held.
 *
 * <p>This class is long because it holds all transitions, in the order in which a request takes
 * them. The work between two transitions is done by its collaborators.
 */
final class Exchange implements AnswerListener, AnswerStream.Pace {
  private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);

  /**
   * After the first event with content, and then after this many, the engine hears how much was
   * used.
   */
  private static final int PROGRESS_EVENTS = 100;

  private enum State {
    READING,
    WAITING,
    CALLING,
    ANSWERING,
    ENDED
  }

  private final Collaborators with;
  private final EndpointConnections endpoints;
  private final Context context;
  private final HttpServerRequest request;
  private final HttpServerResponse response;
  private final Identity.Known identity;
  private final Optional<ApiKind> kind;
  private final String id;
  private final LoopTimer timer;
  private final RequestBody body;

  private State state = State.READING;
  private Offer.@Nullable Ready offer;
  private @Nullable PendingAdmission pending;
  private @Nullable Attempts attempts;
  private @Nullable EndpointConnection upstream;
  private @Nullable AnswerStream answer;
  private boolean hasBegun;

  /**
   * An exchange that has not begun.
   *
   * @param endpoints the connections of this event loop
   * @param context the event loop
   * @param kind the operation; empty if the request is passed on unread
   */
  Exchange(
      Collaborators with,
      EndpointConnections endpoints,
      Context context,
      HttpServerRequest request,
      Identity.Known identity,
      Optional<ApiKind> kind) {
    this.with = with;
    this.endpoints = endpoints;
    this.context = context;
    this.request = request;
    this.response = request.response();
    this.identity = identity;
    this.kind = kind;
    this.id = ProxyHeaders.requestId(request.headers());
    this.timer = new LoopTimer(context.owner());
    this.body = new RequestBody(with.budget(), with.options().maxBodyBytes());
  }

  // READING: the body arrives

  void begin() {
    var refusal = body.expect(ProxyHeaders.announcedBytes(request.headers()));
    if (refusal.isPresent()) {
      refuse(refusal.get());
      return;
    }
    response.closeHandler(ignored -> clientGone());
    response.exceptionHandler(ignored -> clientGone());
    request.exceptionHandler(ignored -> clientGone());
    body.receive(request, this::refuse, () -> guarded(this::bodyReceived));
    if (request.version() == HttpVersion.HTTP_2 || ProxyHeaders.announcesBody(request.headers())) {
      timer.start(with.options().bodyTimeout(), this::bodyTimedOut);
    }
  }

  private void bodyTimedOut() {
    var limit = with.options().bodyTimeout();
    fail(ErrorBody.requestTimeout("The body did not arrive within " + limit.toSeconds() + " s."));
  }

  private void bodyReceived() {
    if (state != State.READING) {
      return;
    }
    timer.stop();
    switch (with.offers().make(id, identity, kind, body.pieces())) {
      case Offer.Refused(var refusal) -> refuse(refusal);
      case Offer.Ready ready -> {
        body.splice(ready.usageSplice());
        enqueue(ready);
      }
    }
  }

  // WAITING: flow control decides

  private void enqueue(Offer.Ready ready) {
    offer = ready;
    state = State.WAITING;
    var waiting = with.controller().enqueue(ready.request(), this::decidedAnywhere);
    if (state == State.WAITING) {
      pending = waiting;
    }
  }

  /**
   * Takes the outcome on whichever thread decided. If the controller decides at once, that is
   * during {@code enqueue}.
   */
  private void decidedAnywhere(Admission admission) {
    if (Vertx.currentContext() == context) {
      guarded(() -> decided(admission));
    } else {
      context.runOnContext(ignored -> guarded(() -> decided(admission)));
    }
  }

  private void decided(Admission admission) {
    pending = null;
    switch (admission) {
      case Admission.Dispatched(var permit, var waited) -> {
        if (state == State.WAITING && offer != null) {
          state = State.CALLING;
          attempts =
              new Attempts(
                  with.pool(),
                  offer.request().eligibility(),
                  permit,
                  offer.inference() && with.options().repeatAfterClose());
          follow(attempts.first());
        } else {
          permit.complete(Usage.NONE); // the client left while the outcome was on its way
        }
      }
      case Admission.Rejected rejected -> refuse(Refusal.of(rejected));
      case Admission.Evicted evicted -> refuse(Refusal.of(evicted));
    }
  }

  // CALLING: the request is sent to an endpoint

  private void follow(Attempt next) {
    switch (next) {
      case Attempt.Send(var endpoint, var fresh) -> call(endpoint, fresh);
      case Attempt.Refuse(var refusal) -> refuse(refusal);
    }
  }

  private void call(EndpointConfig endpoint, boolean fresh) {
    endpoints.connect(
        endpoint,
        fresh,
        connection -> send(endpoint, connection),
        cause -> attemptFailed(new Failure.ConnectFailed(), cause));
  }

  private void send(EndpointConfig endpoint, EndpointConnection connection) {
    if (state != State.CALLING) {
      connection.becomeIdle(); // the client left while the connection opened
      return;
    }
    upstream = connection;
    if (attempts != null && offer != null) {
      attempts.sent();
      if (!offer.inference()) {
        attempts.progress(Usage.NONE); // its answer is not read, so its time is charged
      }
    }
    connection.send(upstreamRequest(endpoint, connection.host()), this);
  }

  private FullHttpRequest upstreamRequest(EndpointConfig endpoint, String host) {
    return new DefaultFullHttpRequest(
        io.netty.handler.codec.http.HttpVersion.HTTP_1_1,
        request.method().toNetty(),
        endpoint.target(request.uri()),
        body.toSend(),
        with.headers().toEndpoint(request.headers(), host, id, body.sizeBytes(), identity.byKey()),
        EmptyHttpHeaders.INSTANCE);
  }

  private void attemptFailed(Failure failure, Throwable cause) {
    if (state == State.CALLING && attempts != null) {
      LOG.debug("Request {} failed at its endpoint: {}", id, failure, cause);
      follow(attempts.failed(failure));
    }
  }

  // ANSWERING: the answer passes to the client

  @Override
  public void headReceived(HttpResponse head) {
    if (state != State.CALLING || offer == null || upstream == null) {
      return;
    }
    state = State.ANSWERING;
    body.release();
    answer = AnswerStream.of(offer, request, upstream, head, this);
    answer.begin(head, with.headers(), id);
  }

  @Override
  public void pieceReceived(ByteBuf piece) {
    if (state != State.ANSWERING || answer == null) {
      piece.release();
      return;
    }
    answer.add(piece);
    if (attempts != null && answer.advanced(hasBegun ? PROGRESS_EVENTS : 1)) {
      hasBegun = true;
      attempts.progress(answer.seen());
    }
  }

  @Override
  public void readCompleted() {
    if (state == State.ANSWERING && answer != null) {
      answer.write();
    }
  }

  @Override
  public void clientFellBehind() {
    timer.start(with.options().clientTimeout(), this::clientGone);
  }

  @Override
  public void clientCaughtUp() {
    timer.stop();
  }

  @Override
  public void completed() {
    upstream = null; // its request is over, so there is nothing to abort
    if (state == State.ANSWERING && answer != null) {
      answer.finish();
      end();
    }
  }

  @Override
  public void failed(Failure failure, Throwable cause) {
    upstream = null;
    if (state == State.ANSWERING && answer != null) {
      LOG.debug("The endpoint broke off the answer to request {}", id, cause);
      answer.breakOff();
      end();
      var _ = response.reset(); // otherwise the client would take the answer for complete
    } else {
      attemptFailed(failure, cause);
    }
  }

  // ENDED

  private void clientGone() {
    if (state == State.ENDED) {
      return;
    }
    var waiting = pending;
    var answering = state == State.ANSWERING;
    end();
    if (waiting != null) {
      waiting.cancel();
    }
    if (answering && !response.closed()) {
      var _ = response.reset();
    }
  }

  /** Runs a step. If it throws, for example in a plugin, only this request fails. */
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
    end();
    response.putHeader(ProxyHeaders.REQUEST_ID, id);
    ErrorAnswer.send(request, refusal);
  }

  private void end() {
    state = State.ENDED;
    timer.stop();
    body.release();
    if (upstream != null) {
      upstream.abort();
      upstream = null;
    }
    if (answer != null) {
      answer.release();
    }
    settle();
  }

  /** Charges what the endpoint reported. What it did not say is charged as far as it was seen. */
  private void settle() {
    if (attempts == null) {
      return;
    }
    var reported = answer == null ? Optional.<Usage>empty() : answer.reported();
    if (reported.isPresent()) {
      attempts.complete(reported.get());
      return;
    }
    if (answer != null && answer.seen().outputTokens() > 0) {
      attempts.progress(answer.seen());
    }
    attempts.abandon();
  }
}
