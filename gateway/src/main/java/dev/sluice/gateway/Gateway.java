package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.sluice.endpoints.EndpointPool;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.serving.identity.IdentityResolver;
import dev.sluice.serving.offer.OfferMaker;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The reverse proxy. Each event loop has its own connections to clients and to endpoints. Both
 * sides of a request are therefore on one loop, and no thread waits for anything. Thread-safe.
 */
public final class Gateway implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);
  private static final long STOP_SECONDS = 10;

  private final Vertx vertx;
  private final String deployment;
  private final int port;
  private final BodyBudget budget;
  private final BodyReaders readers;
  private final ClientSockets sockets;

  private Gateway(
      Vertx vertx,
      String deployment,
      int port,
      BodyBudget budget,
      BodyReaders readers,
      ClientSockets sockets) {
    this.vertx = vertx;
    this.deployment = deployment;
    this.port = port;
    this.budget = budget;
    this.readers = readers;
    this.sockets = sockets;
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
            new ProxyHeaders(
                identities.ownHeaders(),
                options.upstreamApiKey(),
                new Redirects(pool::endpoints)::forClient),
            reports);
    var sockets = new ClientSockets(options.clients(), options.clientTimeout());
    var port = new AtomicInteger();
    try {
      var deployed =
          vertx.deployVerticle(
              () -> new GatewayLoop(with, identities, sockets, port::set),
              new DeploymentOptions().setInstances(options.eventLoops()));
      var id = deployed.await(STOP_SECONDS, TimeUnit.SECONDS);
      meetListener(options, port.get(), sockets);
      return new Gateway(vertx, id, port.get(), budget, readers, sockets);
    } catch (TimeoutException e) {
      throw new IllegalStateException(
          where(options) + ": no answer within " + STOP_SECONDS + " s", e);
    } catch (Exception e) { // what binding throws is not declared
      throw new IllegalStateException(where(options) + ": " + e.getMessage(), e);
    }
  }

  /**
   * Opens a connection of its own and asks for the gateway's health. Vert.x does not show the
   * socket that listens; a connection that it accepted knows the socket, though. From then on the
   * connections of clients are counted from the moment they are accepted.
   */
  private static void meetListener(GatewayOptions options, int port, ClientSockets sockets) {
    var millis = (int) TimeUnit.SECONDS.toMillis(STOP_SECONDS);
    try (var socket = new Socket()) {
      socket.setSoTimeout(millis);
      socket.connect(new InetSocketAddress(reachable(options.host()), port), millis);
      socket.getOutputStream().write("GET /ping HTTP/1.0\r\n\r\n".getBytes(US_ASCII));
      socket.getInputStream().readAllBytes();
      sockets.entered().orTimeout(STOP_SECONDS, TimeUnit.SECONDS).join();
    } catch (IOException | CompletionException e) {
      LOG.warn(
          "The gateway could not connect to its own port {}:{}. Until the first client sends a"
              + " request, connections are not limited.",
          options.host(),
          port,
          e);
    }
  }

  private static InetAddress reachable(String host) throws IOException {
    var listening = InetAddress.getByName(host);
    if (!listening.isAnyLocalAddress()) {
      return listening;
    }
    return InetAddress.getByName(listening instanceof Inet6Address ? "::1" : "127.0.0.1");
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

  /** The connections of clients that are open. */
  public int clientConnections() {
    return sockets.open();
  }

  /** The most connections of clients that may be open at once. */
  public int maxClientConnections() {
    return sockets.limit();
  }

  /** The connections of clients that were refused because too many were open. */
  public long refusedConnections() {
    return sockets.refused();
  }

  /** The connections and streams that were ended because their clients took too long. */
  public long timedOutConnections() {
    return sockets.timedOut();
  }

  /**
   * Prepares the end: connections without a request are closed, all others after their answers, and
   * the paths that tell the gateway's health answer 503. Returns at once.
   */
  public void drain() {
    sockets.drain();
  }

  /** Stops listening and closes every connection. Blocks until that is done, at most 10 s. */
  @Override
  public void close() {
    sockets.stop();
    try {
      vertx.undeploy(deployment).await(STOP_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new IllegalStateException("the gateway did not stop in " + STOP_SECONDS + " s", e);
    } finally {
      readers.close();
    }
  }
}
