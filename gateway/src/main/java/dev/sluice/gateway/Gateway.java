package dev.sluice.gateway;

import dev.sluice.endpoints.EndpointPool;
import dev.sluice.flowcontrol.controller.FlowController;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The reverse proxy. Each event loop serves its own connections, to clients and to endpoints, so
 * both sides of a request are on one loop and no thread waits for anything. Thread-safe.
 */
public final class Gateway implements AutoCloseable {
  private static final long STOP_SECONDS = 10;

  private final Vertx vertx;
  private final String deployment;
  private final int port;
  private final BodyBudget budget;

  private Gateway(Vertx vertx, String deployment, int port, BodyBudget budget) {
    this.vertx = vertx;
    this.deployment = deployment;
    this.port = port;
    this.budget = budget;
  }

  /**
   * Starts to listen. Blocks until it does, so not to be called on an event loop.
   *
   * @param vertx lives longer than the gateway
   * @param controller decides if and when requests go
   * @param pool knows where they can go
   * @throws IllegalStateException if the address is not to be had; the message says why
   */
  public static Gateway start(
      Vertx vertx, FlowController controller, EndpointPool pool, GatewayOptions options) {
    var budget = new BodyBudget(options.bodyBudgetBytes());
    var shared = new Shared(controller, pool, options, budget);
    try {
      var deployed =
          vertx.deployVerticle(
              () -> new GatewayLoop(shared),
              new DeploymentOptions().setInstances(options.eventLoops()));
      var id = deployed.await(STOP_SECONDS, TimeUnit.SECONDS);
      return new Gateway(vertx, id, shared.port(), budget);
    } catch (TimeoutException e) {
      throw new IllegalStateException(where(options) + ": it does not listen", e);
    } catch (Exception e) { // what binding throws is not declared
      throw new IllegalStateException(where(options) + ": " + e.getMessage(), e);
    }
  }

  private static String where(GatewayOptions options) {
    return "cannot listen on " + options.host() + ":" + options.port();
  }

  /** The TCP port that it listens on. */
  public int port() {
    return port;
  }

  /** Bytes of request bodies that it holds, or has promised room for. */
  public long bodyBytes() {
    return budget.reservedBytes();
  }

  /** Closes every connection and stops to listen. Blocks until that is done, at most 10 s. */
  @Override
  public void close() {
    try {
      vertx.undeploy(deployment).await(STOP_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new IllegalStateException("the gateway did not stop in " + STOP_SECONDS + " s", e);
    }
  }
}
