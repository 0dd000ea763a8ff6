package dev.sluice.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequestEncoder;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.EOFException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A connection to an endpoint, for one HTTP/1.1 request after the other. It belongs to one event
 * loop, on which all its methods run.
 *
 * <p>It stands in the channel's pipeline itself and hands on what the decoder makes of a read,
 * without a copy and without another queue: between the socket's bytes and the client's there is
 * only {@link Answer}.
 */
final class EndpointConnection extends ChannelInboundHandlerAdapter {
  private static final int LONGEST_HEAD_BYTES = 64 << 10;
  private static final int LONGEST_PIECE_BYTES = 256 << 10;

  /** Told what comes of a request. Its last call is {@link #ended} or {@link #failed}. */
  interface Answer {
    /** The status and the headers came. */
    void began(HttpResponse head);

    /** A piece of the body came; the callee is to release it. */
    void came(ByteBuf piece);

    /** What could be read at once has been told. */
    void drained();

    /** The answer is complete, and the connection somebody else's. */
    void ended();

    /** No more will come, because the connection broke, or what came was no HTTP. */
    void failed(Throwable cause);
  }

  private final IdleConnections idle;
  private final String host;
  private final long silenceNanos;
  private @Nullable ChannelHandlerContext context;
  private @Nullable Answer answer;
  private @Nullable ChannelFuture sending;
  private @Nullable ScheduledFuture<?> check;
  private HttpMethod method = HttpMethod.GET;
  private boolean interim;
  private boolean reusable;
  private boolean paused;
  private boolean closing;
  private long lastNanos = System.nanoTime();

  /**
   * A connection that is not in a pipeline yet.
   *
   * @param idle where it puts itself while it has no request, and where others take it from
   * @param host the value of its requests' {@code host} header
   * @param silenceNanos how long the endpoint may say nothing while a request runs
   */
  EndpointConnection(IdleConnections idle, String host, long silenceNanos) {
    this.idle = idle;
    this.host = host;
    this.silenceNanos = silenceNanos;
  }

  /** Takes its place, with what reads and writes HTTP, before the handler that is there. */
  void enter(ChannelPipeline pipeline, String before) {
    pipeline.addBefore(before, null, new HttpRequestEncoder());
    pipeline.addBefore(before, null, new AnswerDecoder());
    pipeline.addBefore(before, null, this);
  }

  /** Knows which answers have no body whatever their headers say. */
  private final class AnswerDecoder extends HttpResponseDecoder {
    AnswerDecoder() {
      super(
          new HttpDecoderConfig()
              .setMaxHeaderSize(LONGEST_HEAD_BYTES)
              .setMaxChunkSize(LONGEST_PIECE_BYTES));
    }

    @Override
    protected boolean isContentAlwaysEmpty(HttpMessage message) {
      return HttpMethod.HEAD.equals(method) || super.isContentAlwaysEmpty(message);
    }
  }

  String host() {
    return host;
  }

  /** Whether a request may still be sent. */
  boolean isOpen() {
    return context != null && context.channel().isActive();
  }

  /** For how long it has had nothing to do. */
  long idleNanos(long nowNanos) {
    return nowNanos - lastNanos;
  }

  /** Sends a request, whose content it releases. */
  void send(FullHttpRequest request, Answer to) {
    answer = to;
    method = request.method();
    interim = false;
    lastNanos = System.nanoTime();
    var at = place();
    sending = at.writeAndFlush(request);
    if (check == null) {
      checkIn(silenceNanos);
    }
  }

  /** Reads no more until {@link #resume}; a little that was read already may still come. */
  void pause() {
    paused = true;
    place().channel().config().setAutoRead(false);
  }

  void resume() {
    if (paused) {
      paused = false;
      lastNanos = System.nanoTime();
      place().channel().config().setAutoRead(true);
    }
  }

  /** Forgets the request that runs, tells nobody, and closes the connection. */
  void abort() {
    answer = null;
    close();
  }

  void close() {
    closing = true;
    if (context != null) {
      var _ = context.close();
    }
  }

  /** Puts itself where the next request finds it. */
  void rest() {
    lastNanos = System.nanoTime();
    idle.put(this);
  }

  @Override
  public void handlerAdded(ChannelHandlerContext added) {
    context = added;
  }

  @Override
  public void channelRead(ChannelHandlerContext from, Object message) {
    var to = answer;
    if (to == null || !(message instanceof HttpObject part)) {
      ReferenceCountUtil.release(message);
      close(); // it says something that nobody asked for
      return;
    }
    lastNanos = System.nanoTime();
    if (part.decoderResult().isFailure()) {
      ReferenceCountUtil.release(message);
      fail(part.decoderResult().cause());
      return;
    }
    if (part instanceof HttpResponse head) {
      interim = head.status().code() < 200;
      if (!interim) {
        reusable = HttpUtil.isKeepAlive(head);
        to.began(head);
      }
    }
    if (part instanceof HttpContent content) {
      if (interim || !content.content().isReadable()) {
        content.release();
      } else {
        to.came(content.content());
      }
      if (part instanceof LastHttpContent && !interim) {
        ended();
      }
    }
  }

  private void ended() {
    var to = answer;
    if (to == null) {
      return; // it was aborted while it was told
    }
    answer = null;
    resume();
    if (reusable && sending != null && sending.isSuccess() && isOpen()) {
      rest();
    } else {
      close();
    }
    to.ended();
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext from) {
    if (answer != null) {
      answer.drained();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext from) {
    if (check != null) {
      check.cancel(false);
      check = null;
    }
    if (answer == null && !closing) {
      idle.closedAfter(idleNanos(System.nanoTime()));
    }
    fail(new EOFException("the connection was closed"));
    from.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext from, Throwable cause) {
    fail(cause);
  }

  private void fail(Throwable cause) {
    var to = answer;
    answer = null;
    close();
    if (to != null) {
      to.failed(cause);
    }
  }

  /** One timer for many requests: it is not stopped with the one for which it was started. */
  private void checkIn(long nanos) {
    check = place().executor().schedule(this::check, nanos, TimeUnit.NANOSECONDS);
  }

  private void check() {
    check = null;
    if (answer == null) {
      return;
    }
    var silent = paused ? 0 : System.nanoTime() - lastNanos;
    if (silent < silenceNanos) {
      checkIn(silenceNanos - silent);
    } else {
      fail(new TimeoutException("the endpoint is silent"));
    }
  }

  private ChannelHandlerContext place() {
    if (context == null) {
      throw new IllegalStateException("the connection is in no pipeline");
    }
    return context;
  }
}
