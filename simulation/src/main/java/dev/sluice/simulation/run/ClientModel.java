package dev.sluice.simulation.run;

import dev.sluice.simulation.workload.Arrival;

/** The behaviour of clients that a workload does not describe. Stateless. */
public interface ClientModel {

  /** Clients whose prompts are estimated exactly, and that wait for the end of every answer. */
  ClientModel EXACT_AND_PATIENT = new ClientModel() {};

  /** The prompt tokens that the engine is told; the server counts {@code inputTokens}. */
  default long estimatedInputTokens(Arrival arrival) {
    return arrival.inputTokens();
  }

  /** Whether the engine is told that the prompt holds an image. */
  default boolean hasMedia(Arrival arrival) {
    return false;
  }

  /** How long after its dispatch a request's client goes away, in nanoseconds; -1 for never. */
  default long patienceNanos(Arrival arrival) {
    return -1;
  }
}
