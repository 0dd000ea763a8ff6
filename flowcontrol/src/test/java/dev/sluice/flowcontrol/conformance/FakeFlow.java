package dev.sluice.flowcontrol.conformance;

import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.types.FlowKey;
import org.jspecify.annotations.Nullable;

/** A flow whose every property is given. */
public final class FakeFlow implements FlowView {
  private final FlowKey key;
  private final String tenant;
  private final double weight;
  private int queuedRequests;
  private long queuedBytes;
  private long queuedCost;
  private int runningRequests;
  private @Nullable Object dispatchState;
  private @Nullable Object displacementState;

  /** A flow that has nothing queued. */
  public FakeFlow(FlowKey key, String tenant, double weight) {
    this.key = key;
    this.tenant = tenant;
    this.weight = weight;
  }

  /** A flow of priority 0, of its own tenant. */
  public static FakeFlow of(String id, double weight) {
    return new FakeFlow(new FlowKey(id, 0), id, weight);
  }

  /** Sets the queued requests and their sums. */
  public FakeFlow backlog(int requests, long bytes, long cost) {
    queuedRequests = requests;
    queuedBytes = bytes;
    queuedCost = cost;
    return this;
  }

  /** Sets the number of running requests. */
  public FakeFlow running(int requests) {
    runningRequests = requests;
    return this;
  }

  @Override
  public FlowKey key() {
    return key;
  }

  @Override
  public String tenantId() {
    return tenant;
  }

  @Override
  public double weight() {
    return weight;
  }

  @Override
  public int queuedRequests() {
    return queuedRequests;
  }

  @Override
  public long queuedBytes() {
    return queuedBytes;
  }

  @Override
  public long queuedCost() {
    return queuedCost;
  }

  @Override
  public int runningRequests() {
    return runningRequests;
  }

  @Override
  public @Nullable Object dispatchState() {
    return dispatchState;
  }

  @Override
  public void dispatchState(@Nullable Object state) {
    dispatchState = state;
  }

  @Override
  public @Nullable Object displacementState() {
    return displacementState;
  }

  @Override
  public void displacementState(@Nullable Object state) {
    displacementState = state;
  }

  @Override
  public String toString() {
    return key.toString();
  }
}
