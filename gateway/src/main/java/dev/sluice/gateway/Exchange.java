package dev.sluice.gateway;

import dev.sluice.endpoints.EndpointConfig;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.PendingAdmission;
import dev.sluice.flowcontrol.types.Usage;
import dev.sluice.gateway.upstream.AnswerListener;
import dev.sluice.gateway.upstream.EndpointConnection;
import dev.sluice.gateway.upstream.EndpointConnections;
import dev.sluice.inference.ErrorBody;
import dev.sluice.serving.attempts.Attempt;
import dev.sluice.serving.attempts.Attempts;
import dev.sluice.serving.attempts.Failure;
import dev.sluice.serving.identity.Identity;
import dev.sluice.serving.offer.Offer;
import dev.sluice.serving.refusal.Refusal;
import dev.sluice.serving.route.Route;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpResponse;
import io.vertx.core.Context;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
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
 * CALLING    no endpoint can take it at this moment     WAITING     offerAgain
 * CALLING    the body of the answer begins, or ends     ANSWERING   beginAnswer
 * ANSWERING  the answer is complete, or broken off      ENDED       completed, failed
 * any        refused                                    ENDED       refuse
 * until WAITING  its memory goes to another request     ENDED       giveWay
 * any        the client went away or reads too slowly   ENDED       clientGone
 * </pre>
 *
 * <p>Entering ENDED happens once. It gives back the body's memory, the place in the queue, the
 * connection, the unwritten bytes, the place on the endpoint and the permit, as far as they are
 * held. Every call from outside comes through the {@link Guard}, so a step that throws leads there
 * too.
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

  private static final int NOT_FOUND = 404;

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
  private final Route.Proxied route;
  private final String id;
  private final RequestTrail trail;
  private final LoopTimer timer;
  private final RequestBody body;
  private final Guard guard = new Guard(this, this::broke);

  private State state = State.READING;
  private Offer.@Nullable Ready offer;
  private @Nullable PendingAdmission pending;
  private @Nullable Attempts attempts;
  private @Nullable EndpointConnection upstream;
  private @Nullable AnswerStream answer;

  /** The head of the answer until its body begins: until then another endpoint may answer. */
  private @Nullable HttpResponse head;

  private int offers;
  private boolean askedForModels;
  private boolean hasBegun;

  /**
   * An exchange that has not begun.
   *
   * @param endpoints the connections of this event loop
   * @param context the event loop
   * @param route the operation, and the target for the endpoint
   */
  Exchange(
      Collaborators with,
      EndpointConnections endpoints,
      Context context,
      HttpServerRequest request,
      Identity.Known identity,
      Route.Proxied route) {
    this.with = with;
    this.endpoints = endpoints;
    this.context = context;
    this.request = request;
    this.response = request.response();
    this.identity = identity;
    this.route = route;
    this.id = ProxyHeaders.requestId(request.headers());
    this.trail = new RequestTrail(id, identity);
    this.timer = new LoopTimer(context.owner());
    this.body =
        new RequestBody(
            with.budget(),
            with.budget()
                .open(identity.flow().priority(), identity.tenant(), this::giveWayAnywhere),
            with.options().maxBodyBytes());
  }

  // READING: the body arrives

  void begin() {
    guard.run(this::read);
  }

  private void read() {
    var head = HeadSize.of(request);
    if (head.headers() > with.options().maxHeaders()) {
      refuse(Refusal.of(ErrorBody.tooManyHeaders(with.options().maxHeaders())));
      return;
    }
    var refusal = body.expect(head.bytes(), ProxyHeaders.announcedBytes(request.headers()));
    if (refusal.isPresent()) {
      refuse(refusal.get());
      return;
    }
    var gone = guard.of(this::clientGone);
    response.closeHandler(ignored -> gone.run());
    response.exceptionHandler(ignored -> gone.run());
    request.exceptionHandler(ignored -> gone.run());
    body.receive(request, guard, this::refuse, this::bodyReceived);
    if (request.version() == HttpVersion.HTTP_2 || ProxyHeaders.announcesBody(request.headers())) {
      timer.start(with.options().bodyTimeout(), guard.of(this::bodyTimedOut));
    }
  }

  private void bodyTimedOut() {
    var seconds = with.options().bodyTimeout().toSeconds();
    refuse(
        Refusal.of(ErrorBody.requestTimeout("The body did not arrive within " + seconds + " s.")));
  }

  /** Another request takes the memory. Called on whichever thread handles that request. */
  private void giveWayAnywhere() {
    context.runOnContext(ignored -> guard.run(this::giveWay));
  }

  private void giveWay() {
    if (state == State.READING || state == State.WAITING) {
      refuse(RequestBody.gaveWay());
    }
  }

  private void bodyReceived() {
    if (state != State.READING) {
      return;
    }
    timer.stop();
    var pieces = body.pieces();
    with.readers()
        .read(
            new BodyReaders.Reading(context, guard, body, identity.flow().priority()),
            () -> with.offers().make(id, identity, route, pieces),
            this::bodyRead);
  }

  private void bodyRead(Offer made) {
    if (state != State.READING) {
      return; // it ended while the body was read
    }
    switch (made) {
      case Offer.Refused(var refusal) -> {
        if (!readsModelsAgain(refusal)) {
          refuse(refusal);
        }
      }
      case Offer.Ready ready -> {
        body.splice(ready.usageSplice());
        enqueue(ready.holding(body.heldBytes()));
      }
    }
  }

  /** Before a model is said not to exist, the endpoints are asked again, unless just now. */
  private boolean readsModelsAgain(Refusal refusal) {
    if (refusal.error().status() != NOT_FOUND || askedForModels) {
      return false;
    }
    askedForModels = true;
    return with.pool()
        .readModelsAgain(() -> context.runOnContext(ignored -> guard.run(this::bodyReceived)));
  }

  // WAITING: flow control decides

  private void enqueue(Offer.Ready ready) {
    var offered = ready.arrivedAt(trail.arrivedAtNanos());
    offer = offered;
    offers++;
    trail.offered(offered.request());
    state = State.WAITING;
    var waiting = with.controller().enqueue(offered.request(), this::decidedAnywhere);
    if (state == State.WAITING) {
      pending = waiting;
    }
  }

  /**
   * Takes the outcome on whichever thread decided. If the controller decides at once, that is
   * during {@code enqueue}.
   */
  private void decidedAnywhere(Admission admission) {
    guard.runOn(context, () -> decided(admission));
  }

  private void decided(Admission admission) {
    trail.decided(admission);
    pending = null;
    switch (admission) {
      case Admission.Dispatched(var permit, var waited) -> {
        if (state == State.WAITING && offer != null && body.fix()) {
          state = State.CALLING;
          attempts =
              new Attempts(
                  with.pool(),
                  offer.request().eligibility(),
                  permit,
                  offer.inference() && with.options().repeatAfterClose());
          follow(attempts.first());
        } else {
          permit.complete(Usage.NONE); // it ended, or gave way, while the outcome was on its way
          giveWay();
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
      case Attempt.OfferAgain(var otherwise) -> offerAgain(otherwise);
      case Attempt.Refuse(var refusal) -> refuse(refusal);
    }
  }

  /** No endpoint has seen the request and none can take it now, so it waits again. */
  private void offerAgain(Refusal otherwise) {
    if (attempts == null || offer == null || offers >= Attempts.MOST_OFFERS) {
      refuse(otherwise);
      return;
    }
    attempts.abandon();
    attempts = null;
    body.unfix();
    enqueue(offer);
  }

  private void call(EndpointConfig endpoint, boolean fresh) {
    trail.sentTo(endpoint.id());
    endpoints.connect(
        endpoint,
        fresh,
        guard.of((EndpointConnection connection) -> send(endpoint, connection)),
        guard.of((Throwable cause) -> attemptFailed(new Failure.ConnectFailed(), cause)));
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
    var headers =
        with.headers()
            .toEndpoint(
                request.headers(), connection.host(), id, body.sizeBytes(), identity.byKey());
    var target = endpoint.target(route.target());
    connection.send(body.toSend(request.method().toNetty(), target, headers), guard);
  }

  private void attemptFailed(Failure failure, Throwable cause) {
    if (state == State.CALLING && attempts != null) {
      LOG.debug("Request {} failed at its endpoint: {}", id, failure, cause);
      trail.attemptFailed(cause);
      follow(attempts.failed(failure));
    }
  }

  // ANSWERING: the answer passes to the client

  @Override
  public void headReceived(HttpResponse arrived) {
    if (state != State.CALLING || offer == null || attempts == null) {
      return;
    }
    head = arrived;
    var withGatewaysKey = identity.byKey() || !with.options().upstreamApiKey().isEmpty();
    attempts.answered(arrived.status().code(), withGatewaysKey);
    if (!with.options().repeatAfterClose() || !offer.inference()) {
      body.releaseBytes();
    }
  }

  /** The answer can no longer be replaced by another endpoint's. */
  private void beginAnswer() {
    var arrived = head;
    if (state != State.CALLING || offer == null || upstream == null || arrived == null) {
      return;
    }
    state = State.ANSWERING;
    head = null;
    trail.answered(arrived.status().code());
    body.releaseBytes();
    if (attempts != null) {
      attempts.began();
    }
    answer = AnswerStream.of(offer, request, upstream, arrived, this, guard);
    answer.begin(arrived, with.headers(), id);
  }

  @Override
  public void pieceReceived(ByteBuf piece) {
    beginAnswer();
    if (state != State.ANSWERING || answer == null) {
      piece.release();
      return;
    }
    answer.add(piece);
    if (attempts != null && answer.advanced(hasBegun ? PROGRESS_EVENTS : 1)) {
      hasBegun = true;
      trail.tokenPassed();
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
    timer.start(with.options().clientTimeout(), guard.of(this::clientGone));
  }

  @Override
  public void clientCaughtUp() {
    timer.stop();
  }

  @Override
  public void completed() {
    beginAnswer();
    upstream = null; // its request is over, so there is nothing to abort
    if (state == State.ANSWERING && answer != null) {
      if (attempts != null) {
        attempts.finished();
      }
      trail.answerCompleted();
      answer.finish();
      end();
    }
  }

  @Override
  public void failed(Failure failure, Throwable cause) {
    upstream = null;
    if (state == State.ANSWERING && answer != null) {
      LOG.debug("The endpoint broke off the answer to request {}", id, cause);
      if (attempts != null) {
        attempts.brokenOff();
      }
      trail.brokenOff(cause);
      answer.breakOff();
      end();
      var _ = response.reset(); // otherwise the client would take the answer for complete
    } else {
      head = null;
      attemptFailed(failure, cause);
    }
  }

  // ENDED

  private void clientGone() {
    if (state == State.ENDED) {
      return;
    }
    trail.clientLeft();
    var answering = state == State.ANSWERING;
    end();
    if (answering && !response.closed()) {
      var _ = response.reset();
    }
  }

  /** A step threw, for example in a plugin: only this request fails, and it holds nothing. */
  private void broke(Throwable thrown) {
    LOG.error("Request {} failed", id, thrown);
    try {
      if (state != State.ENDED && !response.headWritten()) {
        response.headers().clear(); // those of an answer that did not begin
        response.setChunked(false);
        refuse(Refusal.of(ErrorBody.internal("The gateway failed to handle the request.")));
      } else if (state != State.ENDED) {
        end();
      }
    } catch (Throwable again) {
      LOG.error("Request {} failed again while it ended", id, again);
    }
    if (!response.ended() && !response.closed()) {
      var _ = response.reset(); // nothing more can be said to the client
    }
  }

  private void refuse(Refusal refusal) {
    if (state == State.ENDED) {
      return;
    }
    trail.refused(refusal);
    end();
    response.putHeader(ProxyHeaders.REQUEST_ID, id);
    ErrorAnswer.send(request, refusal.in(route.errorForm()));
  }

  /** Gives everything back. If one part fails, the others are given back all the same. */
  private void end() {
    state = State.ENDED;
    Guard.runAll(
        this::report,
        timer::stop,
        body::release,
        this::leaveQueue,
        this::leaveEndpoint,
        this::settle);
  }

  private void leaveQueue() {
    if (pending != null) {
      var waiting = pending;
      pending = null;
      waiting.cancel();
    }
  }

  private void leaveEndpoint() {
    if (answer != null) {
      answer.release();
    }
    if (upstream != null) {
      upstream.abort();
      upstream = null;
    }
  }

  private void report() {
    trail.end(answer, with.reports());
  }

  private void settle() {
    if (attempts != null) {
      AnswerStream.settle(answer, attempts);
    }
  }
}
