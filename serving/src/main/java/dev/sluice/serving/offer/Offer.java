package dev.sluice.serving.offer;

import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.inference.BodySplice;
import dev.sluice.serving.refusal.Refusal;
import java.util.Set;

/** The result of reading a request: it can be offered to flow control, or it is refused. */
public sealed interface Offer {

  /**
   * A request that flow control can decide about.
   *
   * @param request the request as flow control sees it
   * @param usageSplice the edit that makes the body ask for the stream's usage; {@link
   *     BodySplice#NONE} if the body stays as it came
   * @param inference true if the body was understood as a request to a model. Its answer is then
   *     watched for usage, and it may be sent again after a connection was closed.
   */
  record Ready(FlowControlRequest request, BodySplice usageSplice, boolean inference)
      implements Offer {

    /** This offer, with the time at which the request reached the process. */
    public Ready arrivedAt(long nanos) {
      return new Ready(request.withArrivedAtNanos(nanos), usageSplice, inference);
    }

    /** This offer, if the request holds so many bytes of memory while it waits. */
    public Ready holding(long bytes) {
      return new Ready(request.withSizeBytes(bytes), usageSplice, inference);
    }

    /**
     * This offer, if only some endpoints may serve the request.
     *
     * @param endpoints the ids of these endpoints; at least one
     * @throws IllegalArgumentException if there is none, because that would mean all
     */
    public Ready within(Set<String> endpoints) {
      if (endpoints.isEmpty()) {
        throw new IllegalArgumentException("endpoints: got none, allowed at least one id");
      }
      var needs = request.eligibility();
      return new Ready(
          request.withEligibility(new Eligibility(needs.model(), needs.adapter(), endpoints)),
          usageSplice,
          inference);
    }
  }

  /** A request that is answered at once: it is malformed, or no endpoint has its model. */
  record Refused(Refusal refusal) implements Offer {}
}
