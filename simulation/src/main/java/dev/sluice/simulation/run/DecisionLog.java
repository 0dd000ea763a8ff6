package dev.sluice.simulation.run;

import dev.sluice.flowcontrol.contracts.EngineObserver;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.RejectReason;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * An observer of the engine that hashes its decisions, and counts decisions that a strict order
 * would not have made. It shares no code with the engine.
 *
 * <p>A dispatch is an inversion if a request of a higher band with the same needs is queued, unless
 * it is a reserved turn.
 */
final class DecisionLog implements EngineObserver {
  private static final long PRIME = 0x9E3779B97F4A7C15L;

  private final TreeMap<Integer, Map<Eligibility, Integer>> queued = new TreeMap<>();
  private long hash;
  private long inversions;
  private long reservedTurns;
  private long lateDispatches;
  private double saturation = Double.NaN;

  long hash() {
    return hash;
  }

  long inversions() {
    return inversions;
  }

  long reservedTurns() {
    return reservedTurns;
  }

  long lateDispatches() {
    return lateDispatches;
  }

  double saturation() {
    return saturation;
  }

  @Override
  public void queued(long sequence, long nowNanos, FlowControlRequest request) {
    note(1, nowNanos, request);
    queued(request, 1);
  }

  @Override
  public void dispatched(
      long sequence,
      long nowNanos,
      FlowControlRequest request,
      long waitedNanos,
      boolean fromQueue,
      boolean reservedTurn) {
    note(2, nowNanos, request);
    if (fromQueue) {
      queued(request, -1);
    }
    if (reservedTurn) {
      reservedTurns++;
    } else {
      for (var higher : queued.tailMap(request.flow().priority(), false).values()) {
        if (higher.getOrDefault(request.eligibility(), 0) > 0) {
          inversions++;
          break;
        }
      }
    }
    var deadline = request.deadlineNanos();
    if (deadline != FlowControlRequest.UNSET && nowNanos - deadline >= 0) {
      lateDispatches++;
    }
  }

  @Override
  public void rejected(
      long sequence, long nowNanos, FlowControlRequest request, RejectReason reason) {
    note(3 + 16L * reason.name().hashCode(), nowNanos, request);
  }

  @Override
  public void evicted(
      long sequence,
      long nowNanos,
      FlowControlRequest request,
      EvictReason reason,
      long waitedNanos) {
    note(4 + 16L * reason.name().hashCode(), nowNanos, request);
    queued(request, -1);
  }

  @Override
  public void poolChanged(long sequence, long nowNanos, double newSaturation) {
    saturation = newSaturation;
  }

  @Override
  public void fault(long sequence, long nowNanos, String plugin, Throwable cause) {
    throw new IllegalStateException("plugin " + plugin + " failed in the simulation", cause);
  }

  private void queued(FlowControlRequest request, int count) {
    queued
        .computeIfAbsent(request.flow().priority(), priority -> new HashMap<>())
        .merge(request.eligibility(), count, Integer::sum);
  }

  private void note(long kind, long nowNanos, FlowControlRequest request) {
    hash = (Long.rotateLeft(hash, 5) ^ kind ^ nowNanos ^ request.id().hashCode() * 31L) * PRIME;
  }
}
