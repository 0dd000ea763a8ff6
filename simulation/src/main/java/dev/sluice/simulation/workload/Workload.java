package dev.sluice.simulation.workload;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a simulation's requests come from: a source that is pulled in order of time, and that may
 * answer the end of one request with others (a closed loop). The same seed gives the same arrivals
 * for the same ends. Not thread-safe; used once.
 */
public interface Workload {

  /**
   * The next request that comes whatever happens to the others, at or after the one before; null
   * when there are no more.
   */
  @Nullable Arrival next();

  /**
   * What its client sends when a request has ended, at {@code atNanos}: finished, refused or given
   * up. Told of every arrival once, in order of time; the answer's requests arrive at or after
   * {@code atNanos}.
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
