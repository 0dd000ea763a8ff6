package dev.sluice.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.AttributeKey;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The first handler in the pipeline of a client's connection, from the moment it is accepted. It
 * knows for what the connection waits, and since when. {@link ClientSockets} asks it at intervals
 * whether the wait is over, so that a request costs no timer.
 *
 * <pre>
 * the connection waits for                     since                        at most
 * a request                                    the last one, or accepted    idleTimeout
 * the rest of a head (HTTP/1)                  its first byte               headTimeout
 * the rest of the body of an answered request  the answer was written       lingerTimeout
 * the client to take a byte that was written   the last one left            clientTimeout
 * the client to take the end of an answer,
 *     in a stream of HTTP/2                    the gateway wrote it         clientTimeout
 * </pre>
 *
 * <p>A body before its answer is timed by the {@link Exchange}. Lives on the connection's event
 * loop.
 *
 * <p>This class is long because both protocols tell of the same waits in different ways, and one
 * place has to weigh them.
 */
final class ClientSocket extends ChannelInboundHandlerAdapter {
  private static final AttributeKey<ClientSocket> KEY =
      AttributeKey.valueOf(ClientSocket.class, "socket");
  private static final String DECODER = "httpDecoder";
  private static final String SERVER = "handler";
  private static final long NEVER = Long.MAX_VALUE;
  private static final long BUSY = Long.MIN_VALUE;

  /** What a stream of HTTP/2 waits for after its answer, and until when. */
  private record Ending(long untilNanos, Http2Error error) {}

  private final ClientSockets all;
  private final Channel channel;
  private final ByteBuffer address;
  private final Map<Integer, Ending> endingStreams = new HashMap<>();
  private @Nullable ChannelHandlerContext own;
  private @Nullable Http2ConnectionHandler http2;
  private boolean protocolKnown;
  private boolean closesAfterAnswer;

  /** Requests that began, were read completely, were answered, and whose answers left. */
  private int began;

  private int read;
  private int answered;
  private int left;

  private long headSince = NEVER;
  private long lingerSince = NEVER;

  /** What waits to leave, as the last check saw it, and since when it is unchanged. */
  private long unleftBytes;

  private long stuckSince;
  private boolean closing;

  /** Used by the thread that accepts connections only. */
  private boolean givenUp;

  /** Written by the event loop, read by the thread that accepts connections. */
  private volatile long quietSince = System.nanoTime();

  private ClientSocket(ClientSockets all, Channel channel, ByteBuffer address) {
    this.all = all;
    this.channel = channel;
    this.address = address;
  }

  /** Enters the pipeline of a connection that was just accepted. */
  static ClientSocket enter(ClientSockets all, Channel accepted, ByteBuffer address) {
    var socket = new ClientSocket(all, accepted, address);
    accepted.attr(KEY).set(socket);
    accepted.pipeline().addFirst(socket);
    return socket;
  }

  /** The socket of a connection; null if it was accepted before the gateway watched. */
  static @Nullable ClientSocket of(Channel channel) {
    return channel.attr(KEY).get();
  }

  /** The time since which the connection has had no request; negative infinity if it has one. */
  long quietSince() {
    return quietSince;
  }

  boolean isQuiet() {
    return quietSince != BUSY;
  }

  /** The address, or the network, that the connection counts for. */
  ByteBuffer address() {
    return address;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    own = context;
    all.watch(context.executor(), this);
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    all.forget(context.executor(), this);
    context.fireChannelInactive();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (http2 == null && isQuiet() && headSince == NEVER) {
      headSince = System.nanoTime();
    }
    if (protocolKnown || !(message instanceof ByteBuf bytes)) {
      context.fireChannelRead(message);
    } else {
      firstBytes(context, bytes);
    }
  }

  /**
   * Passes the first bytes on one by one until Vert.x has decided between HTTP/1 and HTTP/2. Only
   * then can {@link UpgradeGuard} enter the pipeline before the first request does.
   */
  private void firstBytes(ChannelHandlerContext context, ByteBuf bytes) {
    var pipeline = context.pipeline();
    while (bytes.isReadable() && !protocolKnown) {
      context.fireChannelRead(bytes.readRetainedSlice(1));
      if (pipeline.get(DECODER) != null) {
        protocolKnown = true;
        pipeline.addAfter(DECODER, null, new UpgradeGuard());
      } else if (pipeline.get(SERVER) instanceof Http2ConnectionHandler) {
        protocolKnown = true;
      }
    }
    if (bytes.isReadable()) {
      context.fireChannelRead(bytes);
    } else {
      bytes.release();
    }
  }

  // HTTP/1: told by ClientConnection

  /** The head of a request arrived. */
  void requestBegan() {
    began++;
    headSince = NEVER;
    quietSince = BUSY;
  }

  /** The last byte of a request arrived. */
  void requestRead() {
    read++;
    lingerSince = NEVER;
    settle();
  }

  /**
   * The last byte of an answer was written.
   *
   * @param closes whether the head of the answer says that the connection is closed after it
   */
  void answerWritten(boolean closes) {
    answered++;
    closesAfterAnswer |= closes;
    if (read < answered) {
      lingerSince = System.nanoTime();
    }
  }

  /** The last byte of an answer left the process. */
  void answerLeft() {
    left++;
    settle();
  }

  private void settle() {
    if (began == Math.min(read, left)) {
      quietSince = System.nanoTime();
      if (closesAfterAnswer || all.isDraining()) {
        close();
      }
    }
  }

  // HTTP/2: told by Netty

  /** Follows the streams of the connection if it speaks HTTP/2. */
  void protocolDecided(ChannelPipeline pipeline) {
    if (http2 == null && pipeline.get(SERVER) instanceof Http2ConnectionHandler handler) {
      http2 = handler;
      headSince = NEVER;
      handler.connection().addListener(new Streams(handler.connection()));
    }
  }

  private final class Streams extends Http2ConnectionAdapter {
    private final Http2Connection connection;

    Streams(Http2Connection connection) {
      this.connection = connection;
    }

    @Override
    public void onStreamActive(Http2Stream stream) {
      quietSince = BUSY;
    }

    @Override
    public void onStreamHalfClosed(Http2Stream stream) {
      if (stream.state() == Http2Stream.State.HALF_CLOSED_LOCAL) {
        endingStreams.put(
            stream.id(), new Ending(System.nanoTime() + all.lingerNanos(), Http2Error.NO_ERROR));
      }
    }

    @Override
    public void onStreamClosed(Http2Stream stream) {
      endingStreams.remove(stream.id());
      if (connection.numActiveStreams() == 0) {
        quietSince = System.nanoTime();
        if (all.isDraining()) {
          closeIfQuiet();
        }
      }
    }
  }

  /** The gateway wrote the end of an answer, which may still wait for the client to take it. */
  void answerEnded(int streamId) {
    if (http2 != null) {
      var stream = http2.connection().stream(streamId);
      if (stream != null && stream.state().localSideOpen()) {
        endingStreams.put(
            streamId, new Ending(System.nanoTime() + all.unreadNanos(), Http2Error.CANCEL));
      }
    }
  }

  /** Ends the streams whose clients took too long. Returns their number. */
  int endStreams(long nowNanos) {
    if (http2 == null || endingStreams.isEmpty()) {
      return 0;
    }
    var over = new ArrayList<Map.Entry<Integer, Ending>>();
    for (var ending : endingStreams.entrySet()) {
      if (nowNanos - ending.getValue().untilNanos() >= 0) {
        over.add(Map.entry(ending.getKey(), ending.getValue()));
      }
    }
    var context = channel.pipeline().context(http2);
    if (over.isEmpty() || context == null) {
      return 0;
    }
    for (var ending : over) {
      var _ =
          http2.resetStream(
              context, ending.getKey(), ending.getValue().error().code(), context.newPromise());
    }
    context.flush();
    return over.size();
  }

  /** Whether the connection waited longer for its client than it may. */
  boolean isOver(long nowNanos) {
    var quiet = quietSince;
    return isOver(nowNanos, headSince, all.headNanos())
        || isOver(nowNanos, lingerSince, all.lingerNanos())
        || isStuck(nowNanos)
        || (quiet != BUSY && nowNanos - quiet >= all.idleNanos());
  }

  /** Whether nothing left for so long although something waits to leave. */
  private boolean isStuck(long nowNanos) {
    var waiting = channel.unsafe().outboundBuffer();
    var bytes = waiting == null ? 0 : waiting.totalPendingWriteBytes() - waiting.currentProgress();
    if (bytes <= 0 || bytes != unleftBytes) {
      unleftBytes = bytes;
      stuckSince = nowNanos;
      return false;
    }
    return nowNanos - stuckSince >= all.unreadNanos();
  }

  private static boolean isOver(long nowNanos, long since, long limit) {
    return since != NEVER && nowNanos - since >= limit;
  }

  /** Closes the connection if it has no request. */
  private void closeIfQuiet() {
    channel
        .eventLoop()
        .execute(() -> {
          if (isQuiet()) {
            close();
          }
        });
  }

  /** Whether {@link #giveUp} may be called. Called by the thread that accepts connections. */
  boolean mayGiveUp() {
    return !givenUp && isQuiet();
  }

  /** Gives the connection's place to another. Called by the thread that accepts connections. */
  void giveUp() {
    givenUp = true;
    closeIfQuiet();
  }

  /**
   * Closes the connection whatever it does. Vert.x would first wait until the client has taken what
   * was written, so its part of the pipeline is not asked; only an HTTP/2 connection is closed
   * through it, at the first call, because it has to say goodbye.
   *
   * @return whether this was the first call
   */
  boolean close() {
    var first = !closing;
    closing = true;
    if (http2 != null && first) {
      var _ = channel.close();
    } else if (own != null) {
      var _ = own.close();
    }
    return first;
  }

  /** Lets the requests that run end, and takes no more. */
  void drain() {
    channel
        .eventLoop()
        .execute(() -> {
          var handler = http2;
          var context = handler == null ? null : channel.pipeline().context(handler);
          if (isQuiet()) {
            close();
          } else if (handler != null && context != null) {
            var last = handler.connection().remote().lastStreamCreated();
            var _ =
                handler.goAway(
                    context,
                    last,
                    Http2Error.NO_ERROR.code(),
                    Unpooled.EMPTY_BUFFER,
                    context.newPromise());
            context.flush();
          }
        });
  }
}
