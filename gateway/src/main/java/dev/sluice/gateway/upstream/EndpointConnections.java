package dev.sluice.gateway.upstream;

import dev.sluice.endpoints.EndpointConfig;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.ConnectOptions;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The connections of one event loop to the endpoints. Lives on that event loop. O(1). */
public final class EndpointConnections {
  private static final long SWEEP_MILLIS = 1_000;

  private final NetClient sockets;
  private final long silenceNanos;
  private final Map<URI, IdleConnections> idle = new HashMap<>();

  /**
   * Starts without connections. To be created on the event loop.
   *
   * @param connectTimeout how long a connection may take to open
   * @param silence how long an endpoint may send nothing while a request runs
   */
  public EndpointConnections(Vertx vertx, Duration connectTimeout, Duration silence) {
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
    var to = new ConnectOptions().setHost(endpoint.host()).setPort(endpoint.port());
    if (endpoint.isTls()) {
      to.setSsl(true)
          .setSslOptions(new ClientSSLOptions().setHostnameVerificationAlgorithm("HTTPS"));
    }
    return sockets
        .connect(to)
        .map(socket -> {
          var connection =
              new EndpointConnection(
                  idle.computeIfAbsent(endpoint.url(), url -> new IdleConnections()),
                  hostHeader(endpoint),
                  silenceNanos);
          connection.enter(
              ((NetSocketInternal) socket).channelHandlerContext().pipeline(), "handler");
          return connection;
        });
  }

  private static String hostHeader(EndpointConfig endpoint) {
    var usual = endpoint.port() == (endpoint.isTls() ? 443 : 80);
    return endpoint.url().getHost() + (usual ? "" : ":" + endpoint.port());
  }

  private void sweep() {
    var now = System.nanoTime();
    idle.values().forEach(connections -> connections.sweep(now));
  }
}
