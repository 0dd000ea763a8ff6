package dev.sluice.epp;

import com.google.protobuf.ByteString;
import dev.sluice.endpoints.EndpointConfig;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.PendingAdmission;
import dev.sluice.flowcontrol.types.Usage;
import dev.sluice.inference.ErrorBody;
import dev.sluice.serving.attempts.Attempt;
import dev.sluice.serving.attempts.Attempts;
import dev.sluice.serving.offer.Offer;
import dev.sluice.serving.refusal.Refusal;
import io.envoyproxy.envoy.config.core.v3.Metadata;
import io.envoyproxy.envoy.service.ext_proc.v3.HttpBody;
import io.envoyproxy.envoy.service.ext_proc.v3.HttpHeaders;
import io.envoyproxy.envoy.service.ext_proc.v3.ProcessingRequest;
import io.envoyproxy.envoy.service.ext_proc.v3.ProcessingResponse;
import io.grpc.Status;
import io.grpc.SynchronizationContext;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One HTTP request as the proxy tells of it on one gRPC stream: the states, and the owner of
 * everything that the request holds. All steps of a stream run one after the other.
 *
 * <pre>
 * from       event                                        to          fired by
 * OPEN       headers of a request, a body follows         READING     requestHeaders
 * OPEN       headers of a request without a body          WAITING     requestHeaders
 * OPEN       headers of an answer, a body follows         ANSWERING   responseHeaders
 * READING    the body or the trailers end, and the        WAITING     bodyReceived
 *            request was offered
 * READING,   headers of an answer: the proxy answers in   ANSWERING   responseHeaders
 * WAITING    place of an endpoint, so the request leaves
 * WAITING    dispatched, and an endpoint was chosen       SENT        follow
 * WAITING    no endpoint can take it at this moment       WAITING     offerAgain
 * SENT       headers of the answer, a body follows        ANSWERING   responseHeaders
 * SENT       headers of an answer without a body          ANSWERED    responseHeaders
 * ANSWERING  the answer's body or trailers end            ANSWERED    responseBody, ...
 * until SENT refused                                      ENDED       refuse
 * any        the proxy closes or cancels the stream       ENDED       closed, cancelled
 * any        a message out of order                       ENDED       outOfOrder
 * </pre>
 *
 * <p>Entering ANSWERED or ENDED gives back the body, the place in the queue, the place on the
 * endpoint and the permit, as far as they are held. A step that throws leads to ENDED too.
 *
 * <p>This class is long because it holds all transitions, in the order in which a request takes
 * them.
 */
final class PickerStream implements StreamObserver<ProcessingRequest> {
  private static final Logger LOG = LoggerFactory.getLogger(PickerStream.class);
  private static final int NOT_FOUND = 404;
  private static final Set<State> HAS_ENDPOINT =
      EnumSet.of(State.SENT, State.ANSWERING, State.ANSWERED);

  private enum State {
    OPEN,
    READING,
    WAITING,
    SENT,
    ANSWERING,
    ANSWERED,
    ENDED
  }

  private final Collaborators with;
  private final ServerCallStreamObserver<ProcessingResponse> proxy;
  private final SynchronizationContext steps =
      new SynchronizationContext((thread, thrown) -> LOG.error("A stream failed again", thrown));

  /** The pieces of the request's body that the transport has no room for yet. */
  private Deque<ByteString> unsent = new ArrayDeque<>();

  private State state = State.OPEN;
  private @Nullable IncomingRequest request;
  private boolean bodyComplete;
  private boolean requestSent;
  private Offer.@Nullable Ready offer;
  private @Nullable PendingAdmission pending;
  private @Nullable Attempts attempts;
  private @Nullable Answer answer;
  private int offers;
  private boolean askedForModels;

  /** Whether flow control has the request and has not said anything yet. */
  private boolean undecided;

  /** The thread that offers the request at this moment. */
  private volatile @Nullable Thread offering;

  private PickerStream(Collaborators with, ServerCallStreamObserver<ProcessingResponse> proxy) {
    this.with = with;
    this.proxy = proxy;
  }

  /** The stream that the proxy has just opened. To be called in the service's method. */
  static PickerStream open(Collaborators with, ServerCallStreamObserver<ProcessingResponse> proxy) {
    var stream = new PickerStream(with, proxy);
    proxy.setOnCancelHandler(() -> stream.step(stream::cancelled));
    proxy.setOnReadyHandler(() -> stream.step(stream::sendBody));
    return stream;
  }

  // Messages of the proxy

  @Override
  public void onNext(ProcessingRequest message) {
    step(() -> received(message));
  }

  @Override
  public void onError(Throwable thrown) {
    step(this::cancelled);
  }

  @Override
  public void onCompleted() {
    step(this::closed);
  }

  /** Runs a step after those that were handed over before. */
  private void step(Runnable step) {
    steps.execute(() -> {
      try {
        step.run();
      } catch (Throwable thrown) {
        broke(thrown);
      }
    });
  }

  private void received(ProcessingRequest message) {
    if (state == State.ENDED) {
      return; // it was on its way when the stream ended
    }
    switch (message.getRequestCase()) {
      case REQUEST_HEADERS ->
          requestHeaders(message.getRequestHeaders(), message.getMetadataContext());
      case REQUEST_BODY -> requestBody(message.getRequestBody(), message.getMetadataContext());
      case REQUEST_TRAILERS -> requestTrailers(message.getMetadataContext());
      case RESPONSE_HEADERS -> responseHeaders(message.getResponseHeaders());
      case RESPONSE_BODY -> responseBody(message.getResponseBody());
      case RESPONSE_TRAILERS -> responseTrailers();
      case REQUEST_NOT_SET -> outOfOrder("a message without content");
    }
  }

  // OPEN, READING: the request arrives

  private void requestHeaders(HttpHeaders message, Metadata metadata) {
    if (state != State.OPEN) {
      outOfOrder("a second message with request headers");
      return;
    }
    state = State.READING;
    var arriving = new IncomingRequest(with.reader(), message, metadata);
    request = arriving;
    var refusal = arriving.refusal();
    if (refusal != null) {
      refuse(refusal);
    } else if (!arriving.hasBody()) {
      bodyReceived();
    }
  }

  private void requestBody(HttpBody message, Metadata metadata) {
    var arriving = request;
    if (state != State.READING || arriving == null || bodyComplete) {
      outOfOrder("a piece of a request's body");
      return;
    }
    if (arriving.add(message, metadata) > with.options().maxBodyBytes()) {
      refuse(Refusal.of(ErrorBody.bodyTooLarge(with.options().maxBodyBytes())));
    } else if (message.getEndOfStream()) {
      bodyReceived();
    }
  }

  private void requestTrailers(Metadata metadata) {
    var arriving = request;
    if (state != State.READING || arriving == null || bodyComplete) {
      outOfOrder("trailers of a request");
      return;
    }
    arriving.endWithTrailers(metadata);
    bodyReceived();
  }

  private void bodyReceived() {
    bodyComplete = true;
    if (state != State.READING || request == null) {
      return; // it ended while the models were read
    }
    switch (request.offer(with.pool().endpoints())) {
      case Offer.Refused(var refusal) -> {
        if (!readsModelsAgain(refusal)) {
          refuse(refusal);
        }
      }
      case Offer.Ready ready -> enqueue(request, ready);
    }
  }

  /** Before a model is said not to exist, the endpoints are asked again, unless just now. */
  private boolean readsModelsAgain(Refusal refusal) {
    if (refusal.error().status() != NOT_FOUND || askedForModels) {
      return false;
    }
    askedForModels = true;
    return with.pool()
        .readModelsAgain(() -> with.executor().execute(() -> step(this::bodyReceived)));
  }

  // WAITING: flow control decides

  private void enqueue(IncomingRequest complete, Offer.Ready ready) {
    offer = ready;
    offers++;
    state = State.WAITING;
    complete.splice(ready.usageSplice());
    offer(ready);
  }

  private void offer(Offer.Ready ready) {
    PendingAdmission waiting;
    undecided = true;
    offering = Thread.currentThread();
    try {
      waiting = with.controller().enqueue(ready.request(), this::decidedAnywhere);
    } finally {
      offering = null;
    }
    if (undecided) {
      pending = waiting;
    }
  }

  /**
   * Takes the outcome on whichever thread decided. If the controller decides at once, that is
   * during {@code enqueue}.
   */
  private void decidedAnywhere(Admission admission) {
    if (offering == Thread.currentThread()) {
      decided(admission); // the step that offered the request
    } else {
      with.executor().execute(() -> step(() -> decided(admission)));
    }
  }

  private void decided(Admission admission) {
    undecided = false;
    pending = null;
    switch (admission) {
      case Admission.Dispatched(var permit, var ignored) -> {
        if (state == State.WAITING && offer != null) {
          attempts = new Attempts(with.pool(), offer.request().eligibility(), permit, false);
          follow(attempts.first());
        } else {
          permit.complete(Usage.NONE); // it ended while the outcome was on its way
        }
      }
      case Admission.Rejected rejected -> refuse(Refusal.of(rejected));
      case Admission.Evicted evicted -> refuse(Refusal.of(evicted));
    }
  }

  private void follow(Attempt next) {
    switch (next) {
      case Attempt.Send(var endpoint, var ignored) -> send(endpoint);
      case Attempt.OfferAgain(var otherwise) -> offerAgain(otherwise);
      case Attempt.Refuse(var refusal) -> refuse(refusal);
    }
  }

  /** No endpoint can take the request now, so it waits again. */
  private void offerAgain(Refusal otherwise) {
    if (attempts == null || offer == null || offers >= Attempts.MOST_OFFERS) {
      refuse(otherwise);
      return;
    }
    attempts.abandon();
    attempts = null;
    offers++;
    var again = offer;
    with.executor().execute(() -> step(() -> waitAgain(again)));
  }

  private void waitAgain(Offer.Ready again) {
    if (state == State.WAITING && !undecided && attempts == null) {
      offer(again);
    }
  }

  // SENT: the proxy sends the request to the endpoint

  private void send(EndpointConfig endpoint) {
    state = State.SENT;
    if (attempts != null && offer != null) {
      attempts.sent();
      if (!offer.inference()) {
        attempts.progress(Usage.NONE); // its answer is not read, so its time is charged
      }
    }
    if (request != null) {
      proxy.onNext(request.destination(endpoint));
      unsent = request.takeBody();
      requestSent = !request.hasBody();
      sendBody();
    }
  }

  /** Passes on as much of the body as the transport has room for. */
  private void sendBody() {
    if (requestSent || request == null || !HAS_ENDPOINT.contains(state)) {
      return;
    }
    var hasTrailers = request.hasTrailers();
    while (proxy.isReady() && !requestSent) {
      var piece = unsent.isEmpty() ? ByteString.EMPTY : unsent.removeFirst();
      var last = unsent.isEmpty();
      proxy.onNext(Replies.requestBody(piece, last && !hasTrailers));
      requestSent = last;
      if (last && hasTrailers) {
        proxy.onNext(Replies.requestTrailers());
      }
    }
  }

  // ANSWERING: the answer passes to the client

  private void responseHeaders(HttpHeaders message) {
    switch (state) {
      case OPEN, SENT -> {}
      case READING, WAITING -> { // the proxy answers itself, so no endpoint gets the request
        giveBack();
        requestSent = true;
        offer = null;
        attempts = null;
      }
      case ANSWERING, ANSWERED, ENDED -> {
        outOfOrder("a second message with response headers");
        return;
      }
    }
    var byKey = request != null && request.byKey();
    var restore = request == null ? null : request.restore();
    answer = Answer.of(offer, attempts, restore, new Headers(message.getHeaders()), byKey);
    state = State.ANSWERING;
    proxy.onNext(Replies.responseHeaders());
    if (message.getEndOfStream()) {
      answered(answer);
    }
  }

  private void responseBody(HttpBody message) {
    var passing = answer;
    if (state != State.ANSWERING || passing == null) {
      outOfOrder("a piece of an answer's body");
      return;
    }
    var parts = passing.pass(message.getBody());
    var last = message.getEndOfStream();
    if (last) {
      parts.addAll(passing.heldBack());
      if (parts.isEmpty()) {
        parts.add(ByteString.EMPTY);
      }
    }
    sendAnswer(parts, last);
    if (last) {
      answered(passing);
    }
  }

  private void sendAnswer(Deque<ByteString> parts, boolean last) {
    while (!parts.isEmpty()) {
      var part = parts.removeFirst();
      proxy.onNext(Replies.responseBody(part, last && parts.isEmpty()));
    }
  }

  private void responseTrailers() {
    var passing = answer;
    if (state != State.ANSWERING || passing == null) {
      outOfOrder("trailers of an answer");
      return;
    }
    sendAnswer(passing.heldBack(), false);
    proxy.onNext(Replies.responseTrailers());
    answered(passing);
  }

  private void answered(Answer passing) {
    passing.finished();
    state = State.ANSWERED;
    giveBack();
  }

  // ENDED

  private void refuse(Refusal refusal) {
    if (state != State.READING && state != State.WAITING) {
      return;
    }
    end();
    var form = request == null ? refusal : refusal.in(request.errorForm());
    proxy.onNext(Replies.refusal(form, with.options().errorFormat()));
    proxy.onCompleted();
  }

  /** The proxy has nothing more to say. */
  private void closed() {
    if (state != State.ENDED) {
      end();
      proxy.onCompleted();
    }
  }

  /** The client left, or the proxy did. */
  private void cancelled() {
    if (state != State.ENDED) {
      end();
    }
  }

  private String id() {
    return request == null ? "without headers" : request.id();
  }

  private void outOfOrder(String message) {
    var before = state;
    end();
    proxy.onError(
        Status.INVALID_ARGUMENT
            .withDescription("The proxy sent " + message + " in state " + before + ".")
            .asRuntimeException());
  }

  /** A step threw, for example in a plugin: only this request fails, and it holds nothing. */
  private void broke(Throwable thrown) {
    LOG.error("Request {} failed in the picker", id(), thrown);
    try {
      if (state == State.READING || state == State.WAITING) {
        refuse(Refusal.of(ErrorBody.internal("The picker failed to handle the request.")));
      } else if (state != State.ENDED) {
        end();
        proxy.onError(Status.INTERNAL.withDescription("The picker failed.").asRuntimeException());
      }
    } catch (Throwable again) {
      LOG.error("Request {} failed again while it ended", id(), again);
      proxy.onError(Status.INTERNAL.withDescription("The picker failed.").asRuntimeException());
    }
  }

  private void end() {
    state = State.ENDED;
    unsent.clear();
    try {
      giveBack();
    } catch (RuntimeException e) {
      LOG.error(
          "Request {} could not give back everything", id(), e); // the proxy is answered still
    }
  }

  /** Gives everything back. If one part fails, the others are given back all the same. */
  private void giveBack() {
    if (request != null) {
      request.release();
    }
    try {
      if (pending != null) {
        var waiting = pending;
        pending = null;
        waiting.cancel();
      }
    } finally {
      if (answer != null) {
        answer.settle();
      } else if (attempts != null) {
        attempts.abandon();
      }
    }
  }
}
