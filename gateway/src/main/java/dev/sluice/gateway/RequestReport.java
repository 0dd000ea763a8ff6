package dev.sluice.gateway;

import dev.sluice.flowcontrol.types.FlowKey;
import java.time.Instant;

/**
 * The facts of a request that has ended, without its prompt and its answer. Immutable. Times are
 * nanoseconds since the arrival, or {@value #NONE} if the request did not get so far.
 *
 * @param id the request's id, which the client got as {@code x-request-id}
 * @param arrived the time at which the request's head was read
 * @param tenant the tenant's id
 * @param flow the flow at the request's priority
 * @param model the model asked for; empty if none was named or the body was not read
 * @param adapter the LoRA adapter asked for; empty for none
 * @param endpoint the id of the last endpoint that was tried; empty for none
 * @param status the HTTP status that the client got; 0 if it left before
 * @param outcome flow control's decision by its name in the metrics, or {@value #NOT_OFFERED}
 * @param reason the value of the reason header, the error's code, {@value #CLIENT_LEFT} or {@value
 *     #BROKEN_OFF}; empty if the request was served
 * @param inputTokens prompt tokens as the endpoint reported them, else as estimated
 * @param cachedInputTokens prompt tokens that a prefix cache held, as reported
 * @param outputTokens generated tokens as reported, else as far as they were seen
 * @param maxOutputTokens the client's limit, or {@value #NONE}
 * @param sloNanos the time to first token that the client hopes for, or {@value #NONE}
 * @param ttlNanos the longest wait of this request, or {@value #NONE} for the configured one
 * @param sizeBytes the bytes that counted in the queue
 * @param offeredNanos the time until the body was complete and the request was offered
 * @param decidedNanos the time until flow control dispatched or refused it
 * @param firstTokenNanos the time until the first event with content of a streamed answer
 * @param totalNanos the time until the end
 */
public record RequestReport(
    String id,
    Instant arrived,
    String tenant,
    FlowKey flow,
    String model,
    String adapter,
    String endpoint,
    int status,
    String outcome,
    String reason,
    long inputTokens,
    long cachedInputTokens,
    long outputTokens,
    long maxOutputTokens,
    long sloNanos,
    long ttlNanos,
    long sizeBytes,
    long offeredNanos,
    long decidedNanos,
    long firstTokenNanos,
    long totalNanos) {

  /** A number that is not known. */
  public static final long NONE = -1;

  /** The outcome of a request that flow control never saw. */
  public static final String NOT_OFFERED = "NotOffered";

  /** The reason if the client closed its connection or stream before the answer was complete. */
  public static final String CLIENT_LEFT = "client-left";

  /** The reason if the endpoint's answer ended before it was complete. */
  public static final String BROKEN_OFF = "answer-broken-off";

  /** The time from the offer to the decision, or {@value #NONE} if there was none of the two. */
  public long waitNanos() {
    return offeredNanos == NONE || decidedNanos == NONE ? NONE : decidedNanos - offeredNanos;
  }
}
