package dev.sluice.gateway.upstream;

import dev.sluice.endpoints.EndpointConfig;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.ConnectOptions;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.SocketAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** The connections of one event loop to the endpoints. Lives on that event loop. O(1). */
public final class EndpointConnections {
  private static final long SWEEP_MILLIS = 1_000;

  /**
   * An endpoint that fails its health checks, and is silent for so long after that, has hung. It is
   * long enough for an endpoint that is busy with a long prompt.
   */
  private static final long HUNG_NANOS = Duration.ofSeconds(5).toNanos();

  private final Vertx vertx;
  private final ToLongFunction<String> unhealthyNanos;
  private final Map<URI, String> ids = new HashMap<>();

  /** The addresses that were found by trying all that a host's name has. */
  private final Map<URI, InetAddress> found = new HashMap<>();

  private final NetClient sockets;
  private final long silenceNanos;
  private final Map<URI, IdleConnections> idle = new HashMap<>();

  /**
   * Starts without connections. To be created on the event loop.
   *
   * @param connectTimeout how long a connection may take to open
   * @param silence how long an endpoint may send nothing while a request runs
   * @param unhealthyNanos for how long the endpoint of an id has failed its health checks; negative
   *     if it does not
   */
  public EndpointConnections(
      Vertx vertx,
      Duration connectTimeout,
      Duration silence,
      ToLongFunction<String> unhealthyNanos) {
    this.vertx = vertx;
    this.unhealthyNanos = unhealthyNanos;
    sockets =
        vertx.createNetClient(
            new NetClientOptions()
                .setConnectTimeout((int) connectTimeout.toMillis())
                .setTcpNoDelay(true));
    silenceNanos = silence.toNanos();
    vertx.setPeriodic(SWEEP_MILLIS, ignored -> sweep());
  }

  /**
   * Finds an idle connection, or opens a new one.
   *
   * @param fresh whether no idle connection will do
   * @param connected gets the connection: at once if one was idle, else when it is open
   * @param failed hears why no connection could be opened
   */
  public void connect(
      EndpointConfig endpoint,
      boolean fresh,
      Consumer<EndpointConnection> connected,
      Consumer<Throwable> failed) {
    var waiting = fresh ? null : takeIdle(endpoint);
    if (waiting != null) {
      connected.accept(waiting);
      return;
    }
    open(endpoint)
        .onComplete(opened -> {
          if (opened.succeeded()) {
            connected.accept(opened.result());
          } else {
            failed.accept(opened.cause());
          }
        });
  }

  private @Nullable EndpointConnection takeIdle(EndpointConfig endpoint) {
    var connections = idle.get(endpoint.url());
    return connections == null ? null : connections.take(System.nanoTime());
  }

  private Future<EndpointConnection> open(EndpointConfig endpoint) {
    ids.put(endpoint.url(), endpoint.id());
    return connect(endpoint)
        .map(socket -> {
          var connection =
              new EndpointConnection(
                  idle.computeIfAbsent(endpoint.url(), url -> new IdleConnections()),
                  endpoint.hostHeader(),
                  silenceNanos);
          connection.enter(
              ((NetSocketInternal) socket).channelHandlerContext().pipeline(), "handler");
          return connection;
        });
  }

  /** Connects to the host. If that fails and the name has several addresses, each is tried. */
  private Future<NetSocket> connect(EndpointConfig endpoint) {
    var known = found.get(endpoint.url());
    return sockets
        .connect(options(endpoint, known))
        .recover(cause ->
            vertx
                .executeBlocking(() -> InetAddress.getAllByName(endpoint.host()), false)
                .transform(names ->
                    names.succeeded() && names.result().length > 1
                        ? connect(endpoint, names.result(), 0, cause)
                        : Future.failedFuture(cause)));
  }

  private Future<NetSocket> connect(
      EndpointConfig endpoint, InetAddress[] addresses, int index, Throwable cause) {
    if (index == addresses.length) {
      found.remove(endpoint.url());
      return Future.failedFuture(cause);
    }
    return sockets
        .connect(options(endpoint, addresses[index]))
        .onSuccess(socket -> found.put(endpoint.url(), addresses[index]))
        .recover(next -> connect(endpoint, addresses, index + 1, cause));
  }

  private static ConnectOptions options(EndpointConfig endpoint, @Nullable InetAddress address) {
    var to = new ConnectOptions().setHost(endpoint.host()).setPort(endpoint.port());
    if (address != null) {
      to.setRemoteAddress(
          SocketAddress.inetSocketAddress(new InetSocketAddress(address, endpoint.port())));
    }
    if (endpoint.isTls()) {
      to.setSsl(true)
          .setSniServerName(endpoint.host())
          .setSslOptions(new ClientSSLOptions().setHostnameVerificationAlgorithm("HTTPS"));
    }
    return to;
  }

  private void sweep() {
    idle.forEach((url, connections) -> {
      if (unhealthyNanos.applyAsLong(ids.getOrDefault(url, "")) >= HUNG_NANOS) {
        connections.failSilentFor(HUNG_NANOS);
      }
    });
    var now = System.nanoTime();
    idle.values().forEach(connections -> connections.sweep(now));
  }
}
