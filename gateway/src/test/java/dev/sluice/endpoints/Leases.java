package dev.sluice.endpoints;

/** Shows tests of other packages how many leases are open. */
public final class Leases {
  private Leases() {}

  /** Leases on an endpoint that are not closed. */
  public static int on(EndpointPool pool, String endpointId) {
    return pool.leases(endpointId);
  }
}
