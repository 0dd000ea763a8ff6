package dev.sluice.gateway;

import dev.sluice.endpoints.EndpointPool;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.serving.identity.IdentityResolver;
import dev.sluice.serving.offer.OfferMaker;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * The reverse proxy. Each event loop has its own connections to clients and to endpoints. Both
 * sides of a request are therefore on one loop, and no thread waits for anything. Thread-safe.
 */
public final class Gateway implements AutoCloseable {
  private static final long STOP_SECONDS = 10;

  private final Vertx vertx;
  private final String deployment;
  private final int port;
  private final BodyBudget budget;
  private final BodyReaders readers;

  private Gateway(
      Vertx vertx, String deployment, int port, BodyBudget budget, BodyReaders readers) {
    this.vertx = vertx;
    this.deployment = deployment;
    this.port = port;
    this.budget = budget;
    this.readers = readers;
  }

  /**
   * Starts a gateway. Blocks until it listens, so it must not be called on an event loop.
   *
   * @param vertx has to stay open until the gateway is closed
   * @param controller decides if and when a request goes to an endpoint
   * @param pool chooses the endpoint
   * @throws IllegalStateException if the address cannot be listened on; the message says why
   */
  public static Gateway start(
      Vertx vertx, FlowController controller, EndpointPool pool, GatewayOptions options) {
    return start(vertx, controller, pool, options, report -> {});
  }

  /**
   * Starts a gateway that reports each request of a known tenant when it has ended, refused ones
   * too.
   *
   * @param vertx has to stay open until the gateway is closed
   * @param controller decides if and when a request goes to an endpoint; its clock has to be {@code
   *     System.nanoTime}
   * @param pool chooses the endpoint
   * @param reports called on event loops, so it must not block; it has to be thread-safe
   * @throws IllegalStateException if the address cannot be listened on; the message says why
   */
  public static Gateway start(
      Vertx vertx,
      FlowController controller,
      EndpointPool pool,
      GatewayOptions options,
      Consumer<RequestReport> reports) {
    var budget = new BodyBudget(options.bodyBudgetBytes());
    var readers = new BodyReaders();
    var identities = new IdentityResolver(options.identity());
    var with =
        new Collaborators(
            options,
            budget,
            readers,
            new OfferMaker(
                options.tokenEstimator(), pool::serves, pool::models, options.askForUsage()),
            controller,
            pool,
            new ProxyHeaders(identities.ownHeaders(), options.upstreamApiKey()),
            reports);
    var port = new AtomicInteger();
    try {
      var deployed =
          vertx.deployVerticle(
              () -> new GatewayLoop(with, identities, port::set),
              new DeploymentOptions().setInstances(options.eventLoops()));
      var id = deployed.await(STOP_SECONDS, TimeUnit.SECONDS);
      return new Gateway(vertx, id, port.get(), budget, readers);
    } catch (TimeoutException e) {
      throw new IllegalStateException(
          where(options) + ": no answer within " + STOP_SECONDS + " s", e);
    } catch (Exception e) { // what binding throws is not declared
      throw new IllegalStateException(where(options) + ": " + e.getMessage(), e);
    }
  }

  private static String where(GatewayOptions options) {
    return "cannot listen on " + options.host() + ":" + options.port();
  }

  /** The TCP port that the gateway listens on. */
  public int port() {
    return port;
  }

  /** The memory that requests hold, in bytes: bodies, headers, and 8 KiB for each request. */
  public long bodyBytes() {
    return budget.heldBytes();
  }

  /** Stops listening and closes every connection. Blocks until that is done, at most 10 s. */
  @Override
  public void close() {
    try {
      vertx.undeploy(deployment).await(STOP_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new IllegalStateException("the gateway did not stop in " + STOP_SECONDS + " s", e);
    } finally {
      readers.close();
    }
  }
}
