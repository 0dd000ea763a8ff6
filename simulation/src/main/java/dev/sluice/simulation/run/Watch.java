package dev.sluice.simulation.run;

import dev.sluice.simulation.workload.Arrival;

/** A watcher of every request of a simulation, for measurements that the result lacks. */
public interface Watch {

  /** A request arrived and is about to be offered to the engine. */
  default void arrived(Arrival arrival, long nowNanos) {}

  /** A request got a permit. */
  default void dispatched(Arrival arrival, long nowNanos, long waitedNanos) {}

  /** A request was rejected or evicted. {@code reason} is the name that metrics use. */
  default void refused(Arrival arrival, long nowNanos, String reason) {}

  /** A dispatched request ended. {@code failed}: a server did not serve it to the end. */
  default void ended(Arrival arrival, long nowNanos, boolean failed) {}
}
