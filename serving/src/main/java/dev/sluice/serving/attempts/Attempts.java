package dev.sluice.serving.attempts;

import dev.sluice.endpoints.EndpointChoice;
import dev.sluice.endpoints.EndpointLease;
import dev.sluice.endpoints.EndpointPool;
import dev.sluice.endpoints.Outcome;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.Usage;
import dev.sluice.inference.ErrorBody;
import dev.sluice.serving.refusal.Refusal;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The attempts to have one dispatched request served: which endpoint is next, and whether the
 * request may be tried again after a failure. It owns the request's permit and its place on the
 * endpoint; {@link #complete} or {@link #abandon} gives both back.
 *
 * <pre>
 * failure                          next
 * no connection                    another endpoint; the pool is told
 * closed unread, for once          any endpoint, the same one too, on a new connection
 * closed, request is repeatable    another endpoint
 * closed, request not repeatable   refused, 502
 * hung, by its health checks       as closed
 * silent for too long              refused, 504
 * invalid answer                   refused, 502
 *
 * the pool's choice                next
 * an endpoint                      the permit is bound to it, and the request is sent
 * unknown model                    refused, 404
 * no endpoint (left)               refused, 502 if a connection was closed before; offered again if
 *                                  no endpoint has seen the request; else refused, 503
 * no room                          offered again, or refused, 429, if an endpoint has seen it
 * the picker failed                refused, 500
 * </pre>
 *
 * <p>An endpoint that has read a request may have begun to serve it, and a request may be what
 * broke the endpoint. So only a request that was most likely never read is sent again, and only
 * once, unless it is repeatable. Not thread-safe. Each step is O(endpoints).
 *
 * <pre>{@code
 * var attempts = new Attempts(pool, needs, permit, true);
 * switch (attempts.first()) {
 *   case Attempt.Send(var endpoint, var fresh) -> send(endpoint, fresh); // later failed(...)
 *   case Attempt.Refuse(var refusal) -> answer(refusal);
 * }
 * attempts.sent(); // once the request is on its way
 * ...
 * attempts.complete(usage); // as the endpoint reported it, or else:
 * attempts.abandon();
 * }</pre>
 */
public final class Attempts {
  /** How often a request is offered to flow control if no endpoint sees any of it. */
  public static final int MOST_OFFERS = 5;

  private final EndpointPool pool;
  private final Eligibility needs;
  private final Permit permit;
  private final boolean repeatable;

  /** Ids of the endpoints where the request has failed; the shared empty set until the first. */
  private Set<String> failedAt = Set.of();

  private boolean begun;
  private boolean sentAgain;

  /** Whether the request failed at the endpoint where it was last. */
  private boolean hasFailed;

  private boolean completed;

  /** Whether an endpoint may have begun to serve the request. */
  private boolean reached;

  private @Nullable EndpointLease lease;

  /** What the status of the last answer says of its endpoint. */
  private Outcome verdict = Outcome.SERVED;

  /** The error of the last connection that was closed; it outranks "no endpoint is left". */
  private @Nullable ErrorBody closed;

  /**
   * The attempts of a request that was dispatched.
   *
   * @param pool chooses endpoints and hears of connections that fail
   * @param needs the needs that an endpoint must serve
   * @param permit the request's capacity
   * @param repeatable whether the request may be sent to another endpoint after a connection
   *     closed, although the endpoint may have begun to serve it
   */
  public Attempts(EndpointPool pool, Eligibility needs, Permit permit, boolean repeatable) {
    this.pool = pool;
    this.needs = needs;
    this.permit = permit;
    this.repeatable = repeatable;
  }

  /**
   * Decides where the request goes first.
   *
   * @throws IllegalStateException if an endpoint has been chosen before, or after {@link #complete}
   */
  public Attempt first() {
    if (begun || completed) {
      throw new IllegalStateException("the first endpoint has been chosen already");
    }
    begun = true;
    return choose(false);
  }

  /**
   * Gives back the place on the endpoint that failed, and decides what follows.
   *
   * @throws IllegalStateException if the request is at no endpoint
   */
  public Attempt failed(Failure failure) {
    if (lease == null) {
      throw new IllegalStateException("the request is at no endpoint, so it cannot fail at one");
    }
    var endpoint = lease.endpoint().id();
    var isRace = failure instanceof Failure.Closed(var unread) && unread;
    if (!isRace) {
      lease.report(Outcome.FAILED);
    }
    leave();
    if (isRace && !sentAgain) {
      sentAgain = true;
      reached = closed != null; // unread, so it reached at most the endpoint that closed before
      return choose(true);
    }
    reached |= !(failure instanceof Failure.ConnectFailed);
    if (failedAt.isEmpty()) {
      failedAt = new HashSet<>(2);
    }
    failedAt.add(endpoint);
    hasFailed = true;
    return switch (failure) {
      case Failure.ConnectFailed() -> {
        pool.connectFailed(endpoint);
        yield choose(sentAgain);
      }
      case Failure.Closed ignored -> {
        var error =
            ErrorBody.badGateway("The connection to endpoint " + endpoint + " was closed early.");
        closed = error;
        yield repeatable ? choose(sentAgain) : refuse(error);
      }
      case Failure.Hung() -> {
        var error =
            ErrorBody.badGateway(
                "Endpoint " + endpoint + " failed its health checks and did not answer.");
        closed = error;
        yield repeatable ? choose(sentAgain) : refuse(error);
      }
      case Failure.TimedOut(var limit) ->
          refuse(
              ErrorBody.gatewayTimeout(
                  "Endpoint " + endpoint + " did not answer within " + limit.toMillis() + " ms."));
      case Failure.InvalidAnswer() ->
          refuse(ErrorBody.badGateway("Endpoint " + endpoint + " gave no valid answer."));
    };
  }

  /** Notes that the request is on its way to the endpoint that was chosen last. */
  public void sent() {
    reached = true;
  }

  /**
   * Notes the status of the answer.
   *
   * @param withGatewaysKey whether the client had no part in the credentials that were sent
   */
  public void answered(int status, boolean withGatewaysKey) {
    verdict = Outcome.ofStatus(status, withGatewaysKey);
    if (verdict != Outcome.SERVED) {
      report(verdict);
    }
  }

  /** Notes the first byte of the answer's body. */
  public void began() {
    if (verdict == Outcome.SERVED) {
      report(Outcome.BEGAN);
    }
  }

  /** Notes that the answer arrived whole. */
  public void finished() {
    if (verdict == Outcome.SERVED) {
      report(Outcome.BEGAN);
      report(Outcome.SERVED);
    }
  }

  /** Notes that the endpoint broke off an answer whose body had begun. */
  public void brokenOff() {
    if (verdict != Outcome.FAILED) {
      verdict = Outcome.FAILED;
      report(Outcome.FAILED);
    }
  }

  private void report(Outcome outcome) {
    if (lease != null) {
      lease.report(outcome);
    }
  }

  /** Reports what the request has used so far, in total. */
  public void progress(Usage soFar) {
    permit.progress(soFar);
  }

  /**
   * Gives back the place on the endpoint and then the permit. Calling it again does nothing.
   *
   * @param used the usage of the request in total, as an endpoint reported it
   */
  public void complete(Usage used) {
    if (completed) {
      return;
    }
    completed = true;
    try {
      leave();
    } finally {
      permit.complete(used);
    }
  }

  /**
   * Gives back the same if no endpoint has reported the usage. The request is charged for what it
   * may have used; if it never reached an endpoint, for nothing. After {@link #complete} it does
   * nothing.
   */
  public void abandon() {
    if (!reached) {
      complete(Usage.NONE);
    } else if (!completed) {
      completed = true;
      try {
        leave();
      } finally {
        giveUp();
      }
    }
  }

  private void giveUp() {
    if (verdict == Outcome.FAILED || hasFailed) {
      permit.fail();
    } else {
      permit.close();
    }
  }

  private Attempt choose(boolean fresh) {
    return switch (pool.choose(needs, failedAt)) {
      case EndpointChoice.Chosen(var chosen) -> {
        lease = chosen;
        hasFailed = false;
        verdict = Outcome.SERVED;
        permit.bind(chosen.endpoint().id());
        yield new Attempt.Send(chosen.endpoint(), fresh);
      }
      case EndpointChoice.UnknownModel(var model) -> refuse(ErrorBody.modelNotFound(model));
      case EndpointChoice.NoEndpoints() ->
          closed != null ? refuse(closed) : offerAgain(Refusal.noEndpoints(noEndpoint()));
      case EndpointChoice.NoRoom() ->
          offerAgain(
              Refusal.saturated(
                  "Every healthy endpoint that could serve the request runs as many requests as its"
                      + " maxRequests allows."));
      case EndpointChoice.Filtered() ->
          offerAgain(Refusal.saturated("The scheduling filters leave no endpoint to the request."));
      case EndpointChoice.PickerFailed ignored -> // the pool has logged it
          refuse(ErrorBody.internal("The endpoint picker failed."));
    };
  }

  private Attempt offerAgain(Refusal otherwise) {
    return reached ? new Attempt.Refuse(otherwise) : new Attempt.OfferAgain(otherwise);
  }

  private String noEndpoint() {
    if (failedAt.isEmpty()) {
      return needs.model().isEmpty()
          ? "no endpoint is healthy"
          : "no healthy endpoint serves model \"" + needs.model() + "\"";
    }
    return failedAt.size() == 1
        ? "endpoint "
            + failedAt.iterator().next()
            + " did not accept a connection, and there is no other to try"
        : "none of the " + failedAt.size() + " endpoints tried accepted a connection";
  }

  private void leave() {
    if (lease != null) {
      lease.close();
      lease = null;
    }
  }

  private static Attempt refuse(ErrorBody error) {
    return new Attempt.Refuse(Refusal.of(error));
  }
}
