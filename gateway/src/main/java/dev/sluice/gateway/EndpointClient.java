package dev.sluice.gateway;

import dev.sluice.endpoints.discovery.EndpointConfig;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.ConnectOptions;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one event loop to the endpoints. The one used last is used next, so that those
 * that are not needed grow old and are closed. Lives on its event loop. O(1).
 */
final class EndpointClient {
  /** Shorter than the 5 s after which model servers close idle connections. */
  private static final long KEEP_ALIVE_NANOS = TimeUnit.SECONDS.toNanos(4);

  private static final long SWEEP_MILLIS = 1_000;

  private final NetClient sockets;
  private final long silenceNanos;
  private final Map<URI, Deque<EndpointConnection>> idle = new HashMap<>();

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
    if (waiting == null) {
      return null;
    }
    var now = System.nanoTime();
    for (var next = waiting.poll(); next != null; next = waiting.poll()) {
      if (next.isOpen() && next.idleNanos(now) < KEEP_ALIVE_NANOS) {
        return next;
      }
      next.close();
    }
    return null;
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
                  idle.computeIfAbsent(endpoint.url(), url -> new ArrayDeque<>()),
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
    for (var waiting : idle.values()) {
      for (var oldest = waiting.peekLast(); oldest != null; oldest = waiting.peekLast()) {
        if (oldest.isOpen() && oldest.idleNanos(now) < KEEP_ALIVE_NANOS) {
          break;
        }
        waiting.pollLast();
        oldest.close();
      }
    }
  }
}
