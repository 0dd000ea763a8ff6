package dev.sluice.endpoints.scheduling;

import dev.sluice.flowcontrol.types.Eligibility;
import java.util.function.UnaryOperator;

/**
 * What a request brings to the choice of its endpoint. Immutable, if the headers are.
 *
 * @param needs the needs that an endpoint must serve
 * @param prompt the prompt's blocks; {@link PromptBlocks#NONE} if it was not read
 * @param inputTokens the estimated tokens of the prompt, at least 0
 * @param priority the priority of the request's band
 * @param headers the value of a header by its name in lower case; an empty text if the request does
 *     not have the header
 */
public record SchedulingRequest(
    Eligibility needs,
    PromptBlocks prompt,
    long inputTokens,
    int priority,
    UnaryOperator<String> headers) {

  /** A request of which nothing is known but its needs. */
  public static SchedulingRequest of(Eligibility needs) {
    return new SchedulingRequest(needs, PromptBlocks.NONE, 0, 0, name -> "");
  }

  /** The value of a header; empty if the request does not have it. */
  public String header(String name) {
    return headers.apply(name);
  }
}
