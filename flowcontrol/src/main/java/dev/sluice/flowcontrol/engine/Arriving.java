package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The request that is being offered, as ordering policies see it before it has a place in a queue.
 * There is one object for all offers, because most requests never need a place.
 */
final class Arriving extends QueueItem {
  private @Nullable PendingRequest pending;
  private long nowNanos;

  /** Stands for this request from now on. */
  Arriving of(PendingRequest request, long offeredAtNanos) {
    pending = request;
    nowNanos = offeredAtNanos;
    return this;
  }

  /** Stands for no request, so that the last one is not kept alive. */
  void clear() {
    pending = null;
  }

  private PendingRequest pending() {
    return Objects.requireNonNull(pending, "the offer is over");
  }

  @Override
  public FlowControlRequest request() {
    return pending().request();
  }

  @Override
  public long enqueuedAtNanos() {
    return nowNanos;
  }

  @Override
  public long deadlineNanos() {
    var deadline = request().deadlineNanos();
    return deadline == FlowControlRequest.UNSET ? QueuedRequest.NEVER : deadline;
  }

  @Override
  public long sequence() {
    return Long.MAX_VALUE;
  }

  @Override
  public long orderingKey() {
    return 0;
  }

  @Override
  public long estimatedCost() {
    return pending().cost();
  }

  @Override
  public long uncachedInputTokens() {
    return Experience.uncachedPromptTokens(pending().queue(), request());
  }
}
