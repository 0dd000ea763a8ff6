package dev.sluice.flowcontrol.conformance;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.contracts.RunningRequest;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import org.jspecify.annotations.Nullable;

/** A running request whose every property is given. */
public final class FakeRunning implements RunningRequest {
  private final FlowControlRequest request;
  private final EligibilityClass needs;
  private final long dispatchedAtNanos;
  private final long predictedOutputTokens;
  private String endpointId = "";
  private @Nullable Object gateState;

  /** A request that no endpoint is bound to. */
  public FakeRunning(
      EligibilityClass needs,
      long dispatchedAtNanos,
      long inputTokens,
      long predictedOutputTokens) {
    this(needs, dispatchedAtNanos, inputTokens, 0, predictedOutputTokens);
  }

  /** A request that no endpoint is bound to, part of whose prompt should be in a prefix cache. */
  public FakeRunning(
      EligibilityClass needs,
      long dispatchedAtNanos,
      long inputTokens,
      long cachedInputTokens,
      long predictedOutputTokens) {
    this.request =
        FlowControlRequest.builder("r", new FlowKey("flow", 0))
            .inputTokens(inputTokens)
            .cachedInputTokens(cachedInputTokens)
            .eligibility(needs.needs())
            .build();
    this.needs = needs;
    this.dispatchedAtNanos = dispatchedAtNanos;
    this.predictedOutputTokens = predictedOutputTokens;
  }

  /** Sets the endpoint that serves the request. Returns the endpoint before it. */
  public String bind(String newEndpointId) {
    var previous = endpointId;
    endpointId = newEndpointId;
    return previous;
  }

  @Override
  public FlowControlRequest request() {
    return request;
  }

  @Override
  public EligibilityClass eligibilityClass() {
    return needs;
  }

  @Override
  public long dispatchedAtNanos() {
    return dispatchedAtNanos;
  }

  @Override
  public long predictedOutputTokens() {
    return predictedOutputTokens;
  }

  @Override
  public String endpointId() {
    return endpointId;
  }

  @Override
  public @Nullable Object gateState() {
    return gateState;
  }

  @Override
  public void gateState(@Nullable Object state) {
    gateState = state;
  }
}
