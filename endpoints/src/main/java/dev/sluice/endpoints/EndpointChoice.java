package dev.sluice.endpoints;

/** Where a request goes, or why nowhere. */
public sealed interface EndpointChoice {

  /**
   * To this endpoint.
   *
   * @param lease its place there; to be closed when the request is over
   */
  record Chosen(EndpointLease lease) implements EndpointChoice {}

  /**
   * The model list of every endpoint is known, and none names the model.
   *
   * @param model what was asked for
   */
  record UnknownModel(String model) implements EndpointChoice {}

  /** No endpoint that serves what is needed is healthy and still untried. */
  record NoEndpoints() implements EndpointChoice {}

  /** Endpoints would do, but each runs as many requests as it may. */
  record NoRoom() implements EndpointChoice {}

  /**
   * The picker threw, or chose what it was not offered.
   *
   * @param detail its class and what it did
   */
  record PickerFailed(String detail) implements EndpointChoice {}
}
