package dev.sluice.endpoints;

/** The endpoint that a request goes to, or the reason why there is none. */
public sealed interface EndpointChoice {

  /**
   * An endpoint was chosen.
   *
   * @param lease the request's place there; to be closed when the request has left the endpoint
   */
  record Chosen(EndpointLease lease) implements EndpointChoice {}

  /**
   * The models of every endpoint are known, and none of them is the one asked for.
   *
   * @param model the name that the request gives
   */
  record UnknownModel(String model) implements EndpointChoice {}

  /** No untried, healthy endpoint serves the needs. */
  record NoEndpoints() implements EndpointChoice {}

  /** Healthy endpoints serve what is needed, but each already runs its {@code maxRequests}. */
  record NoRoom() implements EndpointChoice {}

  /** Endpoints have room, but the picker's filters leave none of them to this request. */
  record Filtered() implements EndpointChoice {}

  /**
   * The picker threw an exception, or returned an index that is not a candidate's.
   *
   * @param detail the picker's class and what it did
   */
  record PickerFailed(String detail) implements EndpointChoice {}
}
