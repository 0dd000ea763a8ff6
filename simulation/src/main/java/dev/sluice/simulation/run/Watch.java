package dev.sluice.simulation.run;

import dev.sluice.simulation.workload.Arrival;

/** Watches a simulation request by request, for measurements of one's own. */
public interface Watch {

  /** A request arrived and is about to be offered to the engine. */
  default void arrived(Arrival arrival, long nowNanos) {}

  /** A request got a permit. */
  default void dispatched(Arrival arrival, long nowNanos, long waitedNanos) {}

  /** A request was refused, or left its queue without a permit. {@code reason} as metrics say. */
  default void refused(Arrival arrival, long nowNanos, String reason) {}

  /** A dispatched request ended; {@code failed} if its server went down under it. */
  default void ended(Arrival arrival, long nowNanos, boolean failed) {}
}
