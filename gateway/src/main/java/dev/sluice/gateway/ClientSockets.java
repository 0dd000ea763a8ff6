package dev.sluice.gateway;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All connections of clients: a handler of the listening socket that counts and limits them, and
 * closes those whose clients take too long. Thread-safe.
 *
 * <p>A connection that finds all places taken gets the place of one without a request, if there is
 * one: clients that are only connected do not shut others out. If all places of its address are
 * taken, it gets that of one of the same address. To find it costs a pass over all connections, so
 * each pass frees several places.
 */
final class ClientSockets extends ChannelInboundHandlerAdapter {
  private static final Logger LOG = LoggerFactory.getLogger(ClientSockets.class);
  private static final int SHARE_FREED = 64;
  private static final long LONGEST_TICK_NANOS = Duration.ofSeconds(1).toNanos();
  private static final long SHORTEST_TICK_NANOS = Duration.ofMillis(10).toNanos();
  private static final long LOG_NANOS = Duration.ofSeconds(10).toNanos();
  private static final int IPV6_NETWORK_BYTES = 8;
  private static final ByteBuffer ANY = ByteBuffer.allocate(0);

  /** The time without another search after one that found no connection to close. */
  private static final long REST_NANOS = Duration.ofMillis(20).toNanos();

  private final long headNanos;
  private final long idleNanos;
  private final long lingerNanos;
  private final long unreadNanos;
  private final int limit;
  private final int limitPerAddress;
  private final AtomicBoolean entering = new AtomicBoolean();
  private final CompletableFuture<Void> entered = new CompletableFuture<>();
  private final AtomicInteger open = new AtomicInteger();
  private final Map<ByteBuffer, Integer> openByAddress = new ConcurrentHashMap<>();
  private final Map<EventExecutor, Set<ClientSocket>> sockets = new ConcurrentHashMap<>();
  private final Map<EventExecutor, ScheduledFuture<?>> sweeps = new ConcurrentHashMap<>();
  private final AtomicLong refused = new AtomicLong();
  private final AtomicLong timedOut = new AtomicLong();
  private volatile boolean draining;

  // Used by the thread that accepts connections only.

  /** Places that were freed and are not taken yet, by the address that they are meant for. */
  private final Map<ByteBuffer, Integer> freed = new HashMap<>();

  private long soughtInVainAtNanos = System.nanoTime() - REST_NANOS;
  private long loggedAtNanos = System.nanoTime() - LOG_NANOS;

  /**
   * Limits without connections.
   *
   * @param unread how long a client may leave the end of an answer unread
   */
  ClientSockets(ClientLimits limits, Duration unread) {
    headNanos = limits.headTimeout().toNanos();
    idleNanos = limits.idleTimeout().toNanos();
    lingerNanos = limits.lingerTimeout().toNanos();
    unreadNanos = unread.toNanos();
    limit = limits.connections();
    limitPerAddress = limits.connectionsPerAddress();
  }

  /** Enters the pipeline of the socket that accepted this connection; does so once. */
  void enterListenerOf(Channel connection) {
    var listener = connection.parent();
    if (listener != null && !entering.getAndSet(true)) {
      listener.pipeline().addFirst(this);
    }
  }

  /** Completes when connections are counted from the moment they are accepted. */
  CompletableFuture<Void> entered() {
    return entered.copy();
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    entered.complete(null); // on the accepting thread: messages pass through from now on
  }

  // Accepting

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (message instanceof Channel accepted) {
      var address = addressOf(accepted);
      if (!admit(address)) {
        refused.incrementAndGet();
        accepted.unsafe().closeForcibly();
        return;
      }
      enter(accepted, address);
    }
    context.fireChannelRead(message);
  }

  /** Counts and watches a connection that was accepted before the listening socket was known. */
  ClientSocket adopt(Channel connection) {
    var address = addressOf(connection);
    openByAddress.merge(address, 1, Integer::sum);
    open.incrementAndGet();
    return enter(connection, address);
  }

  private ClientSocket enter(Channel connection, ByteBuffer address) {
    connection.closeFuture().addListener(ignored -> release(address));
    return ClientSocket.enter(this, connection, address);
  }

  private boolean admit(ByteBuffer address) {
    var ofAddress = openByAddress.merge(address, 1, Integer::sum);
    if (ofAddress > limitPerAddress) {
      if (!takesPlace(address, limitPerAddress)) {
        releaseAddress(address);
        logRefusal(
            "one address has all of its " + limitPerAddress + " places",
            "maxConnectionsPerAddress");
        return false;
      }
    } else if (open.get() >= limit && !takesPlace(ANY, limit)) {
      releaseAddress(address);
      logRefusal("all " + limit + " places are taken", "maxConnections");
      return false;
    }
    open.incrementAndGet();
    return true;
  }

  /** Whether a connection of this address, or of any, gives up its place for a new one. */
  private boolean takesPlace(ByteBuffer address, int places) {
    var left = freed.getOrDefault(address, 0);
    if (left == 0) {
      left = free(address, Math.max(1, places / SHARE_FREED));
    }
    if (left > 1) {
      freed.put(address, left - 1);
    } else {
      freed.remove(address);
    }
    return left > 0;
  }

  /** Closes connections that have had no request for longest; returns their number. */
  private int free(ByteBuffer address, int wanted) {
    var now = System.nanoTime();
    if (now - soughtInVainAtNanos < REST_NANOS) {
      return 0;
    }
    var quiet = new ArrayList<ClientSocket>();
    for (var ofLoop : sockets.values()) {
      for (var socket : ofLoop) {
        if (socket.mayGiveUp() && (address == ANY || socket.address().equals(address))) {
          quiet.add(socket);
        }
      }
    }
    if (quiet.isEmpty()) {
      soughtInVainAtNanos = now;
      return 0;
    }
    var ages = new long[quiet.size()];
    for (var i = 0; i < ages.length; i++) {
      ages[i] = now - quiet.get(i).quietSince();
    }
    var sorted = ages.clone();
    Arrays.sort(sorted);
    var oldest = sorted[Math.max(0, sorted.length - wanted)];
    var closed = 0;
    for (var i = 0; i < ages.length && closed < wanted; i++) {
      if (ages[i] >= oldest) {
        quiet.get(i).giveUp();
        closed++;
      }
    }
    return closed;
  }

  private void logRefusal(String why, String key) {
    var now = System.nanoTime();
    if (now - loggedAtNanos >= LOG_NANOS) {
      loggedAtNanos = now;
      LOG.warn(
          "Connections of clients are refused: {}. {} were refused so far. If the clients are real,"
              + " raise gateway.connections.{}, and the limit on open files if need be.",
          why,
          refused.get() + 1,
          key);
    }
  }

  private void release(ByteBuffer address) {
    open.decrementAndGet();
    releaseAddress(address);
  }

  private void releaseAddress(ByteBuffer address) {
    openByAddress.computeIfPresent(address, (ignored, count) -> count == 1 ? null : count - 1);
  }

  private static ByteBuffer addressOf(Channel accepted) {
    if (accepted.remoteAddress() instanceof InetSocketAddress remote
        && remote.getAddress() != null) {
      var bytes = remote.getAddress().getAddress();
      return remote.getAddress() instanceof Inet6Address
          ? ByteBuffer.wrap(Arrays.copyOf(bytes, IPV6_NETWORK_BYTES))
          : ByteBuffer.wrap(bytes);
    }
    return ByteBuffer.allocate(1); // no address of the internet
  }

  // Watching

  /** Watches a connection. Called on the connection's event loop. */
  void watch(EventExecutor loop, ClientSocket socket) {
    sockets
        .computeIfAbsent(
            loop,
            fresh -> {
              var tick = tickNanos();
              sweeps.put(
                  fresh,
                  fresh.scheduleAtFixedRate(() -> sweep(fresh), tick, tick, TimeUnit.NANOSECONDS));
              return ConcurrentHashMap.newKeySet();
            })
        .add(socket);
  }

  /** Forgets a connection that is closed. */
  void forget(EventExecutor loop, ClientSocket socket) {
    var ofLoop = sockets.get(loop);
    if (ofLoop != null) {
      ofLoop.remove(socket);
    }
  }

  private long tickNanos() {
    var shortest = Math.min(Math.min(headNanos, idleNanos), Math.min(lingerNanos, unreadNanos)) / 4;
    return Math.clamp(shortest, SHORTEST_TICK_NANOS, LONGEST_TICK_NANOS);
  }

  private void sweep(EventExecutor loop) {
    var now = System.nanoTime();
    for (var socket : sockets.getOrDefault(loop, Set.of())) {
      if (socket.isOver(now)) {
        if (socket.close()) {
          timedOut.incrementAndGet();
        }
      } else {
        timedOut.addAndGet(socket.endStreams(now));
      }
    }
  }

  /** Closes connections without a request; the others are closed after their answers. */
  void drain() {
    draining = true;
    sockets.values().forEach(ofLoop -> ofLoop.forEach(ClientSocket::drain));
  }

  /** Ends the watch. */
  void stop() {
    sweeps.values().forEach(sweep -> sweep.cancel(false));
  }

  boolean isDraining() {
    return draining;
  }

  int open() {
    return open.get();
  }

  int limit() {
    return limit;
  }

  long refused() {
    return refused.get();
  }

  /** Connections and streams that were ended because the client took too long. */
  long timedOut() {
    return timedOut.get();
  }

  long headNanos() {
    return headNanos;
  }

  long idleNanos() {
    return idleNanos;
  }

  long lingerNanos() {
    return lingerNanos;
  }

  long unreadNanos() {
    return unreadNanos;
  }
}
