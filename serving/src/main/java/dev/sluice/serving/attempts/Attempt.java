package dev.sluice.serving.attempts;

import dev.sluice.endpoints.EndpointConfig;
import dev.sluice.serving.refusal.Refusal;

/** The next step of a dispatched request. */
public sealed interface Attempt {

  /** Send the request to this endpoint, and report to {@link Attempts#failed} if that fails. */
  record Send(EndpointConfig endpoint) implements Attempt {}

  /** Answer the client with this refusal. No endpoint is left to try, or none may be tried. */
  record Refuse(Refusal refusal) implements Attempt {}
}
