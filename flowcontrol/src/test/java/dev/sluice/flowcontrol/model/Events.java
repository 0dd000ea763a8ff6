package dev.sluice.flowcontrol.model;

import dev.sluice.flowcontrol.contracts.EngineObserver;
import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.RejectReason;
import dev.sluice.flowcontrol.types.Usage;
import java.util.ArrayList;
import java.util.List;

/** The events of an engine, in order. */
final class Events implements EngineObserver {

  record Event(long sequence, String kind, FlowControlRequest request, boolean fromQueue) {}

  final List<Event> all = new ArrayList<>();

  private synchronized void add(
      long sequence, String kind, FlowControlRequest request, boolean fromQueue) {
    all.add(new Event(sequence, kind, request, fromQueue));
  }

  long count(String kind) {
    return all.stream().filter(e -> e.kind.equals(kind)).count();
  }

  List<String> kinds() {
    return all.stream().map(Event::kind).toList();
  }

  @Override
  public void queued(long sequence, long nowNanos, FlowControlRequest request) {
    add(sequence, "queued", request, false);
  }

  @Override
  public void dispatched(
      long sequence,
      long nowNanos,
      FlowControlRequest request,
      long waitedNanos,
      boolean fromQueue,
      boolean reservedTurn) {
    add(sequence, "dispatched", request, fromQueue);
  }

  @Override
  public void rejected(
      long sequence, long nowNanos, FlowControlRequest request, RejectReason reason) {
    add(sequence, "rejected", request, false);
  }

  @Override
  public void evicted(
      long sequence,
      long nowNanos,
      FlowControlRequest request,
      EvictReason reason,
      long waitedNanos) {
    add(sequence, "evicted", request, false);
  }

  @Override
  public void returned(
      long sequence,
      long nowNanos,
      FlowControlRequest request,
      Usage usage,
      long ranNanos,
      boolean reclaimed) {
    add(sequence, "returned", request, false);
  }
}
