package dev.sluice.gateway;

import dev.sluice.endpoints.EndpointConfig;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.ConnectOptions;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The connections of one event loop to the endpoints. Lives on its event loop. O(1). */
final class EndpointClient {
  private static final long SWEEP_MILLIS = 1_000;

  private final NetClient sockets;
  private final long silenceNanos;
  private final Map<URI, IdleConnections> idle = new HashMap<>();

  EndpointClient(Vertx vertx, GatewayOptions options) {
    sockets =
        vertx.createNetClient(
            new NetClientOptions()
                .setConnectTimeout((int) options.connectTimeout().toMillis())
                .setTcpNoDelay(true));
    silenceNanos = options.responseTimeout().toNanos();
    vertx.setPeriodic(SWEEP_MILLIS, ignored -> sweep());
  }

  /** An open connection that waits for a request; null if there is none. */
  @Nullable EndpointConnection take(EndpointConfig endpoint) {
    var waiting = idle.get(endpoint.url());
    return waiting == null ? null : waiting.take(System.nanoTime());
  }

  /** Opens a connection. */
  Future<EndpointConnection> open(EndpointConfig endpoint) {
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
