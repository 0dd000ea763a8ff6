package dev.sluice.serving.attempts;

import dev.sluice.endpoints.EndpointConfig;
import dev.sluice.serving.refusal.Refusal;

/** The next step of a dispatched request. */
public sealed interface Attempt {

  /**
   * Send the request to this endpoint, and report to {@link Attempts#failed} if that fails.
   *
   * @param fresh whether the request needs a new connection, because an idle one failed it
   */
  record Send(EndpointConfig endpoint, boolean fresh) implements Attempt {}

  /**
   * Give the permit back, and offer the request to flow control again: no endpoint can take it at
   * this moment, and none has seen any of it.
   *
   * @param otherwise the answer to a client whose request has been offered too often
   */
  record OfferAgain(Refusal otherwise) implements Attempt {}

  /** Answer the client with this refusal. No endpoint is left to try, or none may be tried. */
  record Refuse(Refusal refusal) implements Attempt {}
}
