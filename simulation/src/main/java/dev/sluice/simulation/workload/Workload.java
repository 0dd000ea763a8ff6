package dev.sluice.simulation.workload;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The source of a simulation's requests. It is pulled in order of time, and may answer the end of a
 * request with new requests (a closed loop). The same seed gives the same arrivals for the same
 * ends. Not thread-safe; used once.
 */
public interface Workload {

  /**
   * The next request that does not depend on the end of another one. It arrives at or after the one
   * before; null if there are no more.
   */
  @Nullable Arrival next();

  /**
   * The requests that a client sends because one of its requests has ended at {@code atNanos}:
   * finished, refused or given up. The call is made once for every arrival, in order of time. The
   * new requests arrive at or after {@code atNanos}.
   */
  default List<Arrival> completed(Arrival arrival, long atNanos) {
    return List.of();
  }

  /**
   * The requests that a client sends when one of its requests was refused or evicted. Called in
   * place of {@link #completed}. By default, a refusal is an end like any other.
   *
   * @param retryAfterNanos the advice when to try again; 0 if there was none
   */
  default List<Arrival> refused(Arrival arrival, long atNanos, long retryAfterNanos) {
    return completed(arrival, atNanos);
  }
}
