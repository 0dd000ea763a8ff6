package dev.sluice.flowcontrol.contracts;

import dev.sluice.flowcontrol.types.Eligibility;
import java.util.Set;

/**
 * One endpoint as it was last seen: the models that it serves, and its load. Immutable.
 *
 * @param id the endpoint's name, unique in its pool, not blank
 * @param models the models that the endpoint serves; empty means any
 * @param adapters the LoRA adapters that the endpoint can serve; empty means any
 * @param healthy whether requests may go to it
 * @param waitingRequests requests in the endpoint's own queue when sampled, at least 0
 * @param runningRequests requests in the endpoint's batch when sampled, at least 0
 * @param kvUtilization the used part of the endpoint's KV cache when sampled, 0 to 1
 * @param kvCapacityTokens the tokens that the KV cache holds; 0 if unknown
 * @param preemptions how often the endpoint has preempted a request since it started
 * @param capacityWeight the endpoint's size relative to other endpoints, above 0
 * @param sampledAtNanos when the metrics were read, or {@link #NEVER_SAMPLED}
 * @param maxRequests the most requests of this process that may run on it at once; 0 means no
 *     limit. The engine dispatches none that would exceed it, whatever the saturation detector says
 */
public record EndpointState(
    String id,
    Set<String> models,
    Set<String> adapters,
    boolean healthy,
    int waitingRequests,
    int runningRequests,
    double kvUtilization,
    long kvCapacityTokens,
    long preemptions,
    double capacityWeight,
    long sampledAtNanos,
    int maxRequests) {

  /** The {@code sampledAtNanos} of an endpoint whose metrics were never read. */
  public static final long NEVER_SAMPLED = Long.MIN_VALUE;

  /** Copies the sets; rejects a blank id, negative counts and weights that are not above 0. */
  public EndpointState {
    if (id.isBlank()) {
      throw new IllegalArgumentException("endpoint id is blank");
    }
    if (waitingRequests < 0 || runningRequests < 0) {
      throw new IllegalArgumentException(
          "endpoint "
              + id
              + ": got waiting "
              + waitingRequests
              + ", running "
              + runningRequests
              + ", allowed >= 0");
    }
    if (!(capacityWeight > 0)) {
      throw new IllegalArgumentException(
          "endpoint " + id + ": capacityWeight: got " + capacityWeight + ", allowed > 0");
    }
    if (maxRequests < 0) {
      throw new IllegalArgumentException(
          "endpoint " + id + ": maxRequests: got " + maxRequests + ", allowed >= 0");
    }
    models = Set.copyOf(models);
    adapters = Set.copyOf(adapters);
  }

  /** An endpoint without a limit on its requests. */
  public EndpointState(
      String id,
      Set<String> models,
      Set<String> adapters,
      boolean healthy,
      int waitingRequests,
      int runningRequests,
      double kvUtilization,
      long kvCapacityTokens,
      long preemptions,
      double capacityWeight,
      long sampledAtNanos) {
    this(
        id,
        models,
        adapters,
        healthy,
        waitingRequests,
        runningRequests,
        kvUtilization,
        kvCapacityTokens,
        preemptions,
        capacityWeight,
        sampledAtNanos,
        0);
  }

  /** A healthy endpoint that serves anything and whose metrics are unknown. */
  public static EndpointState of(String id) {
    return new EndpointState(id, Set.of(), Set.of(), true, 0, 0, 0.0, 0, 0, 1.0, NEVER_SAMPLED);
  }

  /**
   * Whether the endpoint is healthy and serves the model, the adapter and the endpoint subset that
   * a request needs. The engine and the pool both ask this method, so a request for which the
   * engine found room finds an endpoint. O(1).
   */
  public boolean serves(Eligibility needs) {
    return healthy
        && servesModel(needs.model())
        && (needs.adapter().isEmpty() || adapters.isEmpty() || adapters.contains(needs.adapter()))
        && (needs.endpoints().isEmpty() || needs.endpoints().contains(id));
  }

  /**
   * Whether the other state gives every request the same answer to {@link #serves}. Then a change
   * from one state to the other moves no request. O(models + adapters).
   */
  public boolean servesTheSameAs(EndpointState other) {
    return id.equals(other.id)
        && healthy == other.healthy
        && models.equals(other.models)
        && adapters.equals(other.adapters);
  }

  /** Whether it serves a model, healthy or not. An empty name means any model. O(1). */
  public boolean servesModel(String model) {
    return model.isEmpty() || models.isEmpty() || models.contains(model);
  }
}
