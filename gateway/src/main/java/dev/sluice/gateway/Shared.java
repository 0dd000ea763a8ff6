package dev.sluice.gateway;

import dev.sluice.endpoints.EndpointPool;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.inference.RequestScanner;
import java.util.Set;

/** What all event loops of a gateway share. Thread-safe. */
final class Shared {
  private final FlowController controller;
  private final EndpointPool pool;
  private final GatewayOptions options;
  private final BodyBudget budget;
  private final IdentityResolver identities;
  private final Set<String> ownHeaders;
  private final RequestScanner scanner = new RequestScanner();
  private volatile int port;

  Shared(FlowController controller, EndpointPool pool, GatewayOptions options, BodyBudget budget) {
    this.controller = controller;
    this.pool = pool;
    this.options = options;
    this.budget = budget;
    this.identities = new IdentityResolver(options.identity());
    this.ownHeaders = identities.ownHeaders();
  }

  FlowController controller() {
    return controller;
  }

  EndpointPool pool() {
    return pool;
  }

  GatewayOptions options() {
    return options;
  }

  BodyBudget budget() {
    return budget;
  }

  IdentityResolver identities() {
    return identities;
  }

  /** Lower-case names of headers that no endpoint gets to see. */
  Set<String> ownHeaders() {
    return ownHeaders;
  }

  RequestScanner scanner() {
    return scanner;
  }

  int port() {
    return port;
  }

  void port(int listening) {
    port = listening;
  }
}
