package dev.sluice.gateway.upstream;

import dev.sluice.serving.attempts.Failure;
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
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A connection to an endpoint, for one HTTP/1.1 request after the other. It belongs to one event
 * loop, on which all its methods run.
 *
 * <p>The connection is itself a handler in the channel's pipeline. It hands the decoder's output to
 * the {@link AnswerListener} without a copy and without a queue in between.
 *
 * <p>This class is long because every event of the socket meets the same few states.
 *
 * <p>An answer is over when its last byte came <em>and</em> everything that the same read returned
 * has been looked at. If anything follows the answer, no request asked for it: the connection is
 * closed, so that it can never reach the next client.
 */
public final class EndpointConnection extends ChannelInboundHandlerAdapter {
  private static final int LONGEST_HEAD_BYTES = 64 << 10;
  private static final int LONGEST_PIECE_BYTES = 256 << 10;

  /** Interim answers, such as 103, of which an honest endpoint sends one or two. */
  private static final int MOST_INTERIM_ANSWERS = 16;

  private static final int LEAST_STATUS = 100;
  private static final int LEAST_FINAL_STATUS = 200;
  private static final int LARGEST_STATUS = 999;

  /**
   * If an endpoint closes an idle connection while a request is on its way there, the gateway hears
   * of it within a round trip. This is longer than one around the world.
   */
  private static final long AT_ONCE_NANOS = Duration.ofMillis(500).toNanos();

  private final IdleConnections idle;
  private final String host;
  private final long silenceNanos;
  private @Nullable ChannelHandlerContext context;
  private @Nullable AnswerListener listener;
  private @Nullable ChannelFuture sending;
  private @Nullable ScheduledFuture<?> silenceCheck;
  private HttpMethod method = HttpMethod.GET;
  private boolean wasIdle;
  private boolean hasHeard;
  private final AnswerDecoder decoder = new AnswerDecoder();
  private boolean interim;
  private int interimAnswers;

  /** Whether the last byte of the answer came. */
  private boolean over;

  /** Whether anything came after it. */
  private boolean surplus;

  private boolean reusable;
  private boolean paused;
  private boolean closing;
  private long lastNanos = System.nanoTime();

  /**
   * A connection that is not in a pipeline yet.
   *
   * @param idle the idle connections to the same endpoint
   * @param host the value of the {@code host} header of its requests
   * @param silenceNanos how long the endpoint may send nothing while a request runs
   */
  EndpointConnection(IdleConnections idle, String host, long silenceNanos) {
    this.idle = idle;
    this.host = host;
    this.silenceNanos = silenceNanos;
  }

  /** Enters the pipeline, together with an HTTP encoder and decoder, before the given handler. */
  void enter(ChannelPipeline pipeline, String before) {
    pipeline.addBefore(before, null, new HttpRequestEncoder());
    pipeline.addBefore(before, null, decoder);
    pipeline.addBefore(before, null, this);
  }

  /** A decoder that expects no body after the answer to a HEAD request. */
  private static final class HungException extends IOException {
    private static final long serialVersionUID = 1;

    HungException() {
      super("the endpoint failed its health checks and is silent");
    }
  }

  private final class AnswerDecoder extends HttpResponseDecoder {
    AnswerDecoder() {
      super(
          new HttpDecoderConfig()
              .setMaxHeaderSize(LONGEST_HEAD_BYTES)
              .setMaxChunkSize(LONGEST_PIECE_BYTES));
    }

    @Override
    public void channelRead(ChannelHandlerContext from, Object bytes) throws Exception {
      hasHeard = true;
      super.channelRead(from, bytes);
    }

    /** Whether bytes have arrived that are part of no answer yet. */
    boolean hasUnread() {
      return actualReadableBytes() > 0;
    }

    @Override
    protected boolean isContentAlwaysEmpty(HttpMessage message) {
      return HttpMethod.HEAD.equals(method) || super.isContentAlwaysEmpty(message);
    }
  }

  /** The value of the {@code host} header of its requests. */
  public String host() {
    return host;
  }

  /** Whether a request may still be sent. */
  boolean isOpen() {
    return context != null && context.channel().isActive();
  }

  /** The time for which the connection has had no request. */
  long idleNanos(long nowNanos) {
    return nowNanos - lastNanos;
  }

  /**
   * Sends a request. The request's content is released when it is written.
   *
   * @param answer hears what the endpoint answers
   */
  public void send(FullHttpRequest request, AnswerListener answer) {
    listener = answer;
    method = request.method();
    interim = false;
    interimAnswers = 0;
    over = false;
    surplus = false;
    hasHeard = false;
    lastNanos = System.nanoTime();
    sending = context().writeAndFlush(request);
    if (silenceCheck == null) {
      checkSilenceIn(silenceNanos);
    }
  }

  /** Stops reading until {@link #resume}. Bytes that were read before may still be reported. */
  public void pause() {
    paused = true;
    context().channel().config().setAutoRead(false);
  }

  /** Goes on reading after {@link #pause}; does nothing if it was not paused. */
  public void resume() {
    if (paused) {
      paused = false;
      lastNanos = System.nanoTime();
      context().channel().config().setAutoRead(true);
    }
  }

  /** Closes the connection. The listener of the request that runs hears nothing more. */
  public void abort() {
    listener = null;
    close();
  }

  void close() {
    closing = true;
    if (context != null) {
      var _ = context.close();
    }
  }

  /** Offers itself for another request. To be called while no request runs. */
  public void becomeIdle() {
    lastNanos = System.nanoTime();
    wasIdle = true;
    idle.put(this);
  }

  @Override
  public void handlerAdded(ChannelHandlerContext added) {
    context = added;
    idle.opened(this);
  }

  /**
   * Fails the request that runs if the endpoint has been silent for so long. To be called while the
   * endpoint fails its health checks.
   */
  void failIfSilentFor(long nanos) {
    if (listener != null && !paused && !over && System.nanoTime() - lastNanos >= nanos) {
      fail(new HungException());
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext from, Object message) {
    var to = listener;
    if (to == null || !(message instanceof HttpObject part)) {
      ReferenceCountUtil.release(message);
      close(); // bytes without a request: the connection can no longer be trusted
      return;
    }
    if (over) {
      ReferenceCountUtil.release(message);
      surplus = true;
      return;
    }
    lastNanos = System.nanoTime();
    if (part.decoderResult().isFailure()) {
      ReferenceCountUtil.release(message);
      fail(part.decoderResult().cause());
      return;
    }
    if (part instanceof HttpResponse head) {
      var status = head.status().code();
      interim = status < LEAST_FINAL_STATUS;
      if (!isValid(status)) {
        ReferenceCountUtil.release(message);
        fail(new IllegalStateException("the status is " + status));
        return;
      }
      if (!interim) {
        reusable = HttpUtil.isKeepAlive(head);
        to.headReceived(head);
      }
    }
    if (part instanceof HttpContent content) {
      if (interim || !content.content().isReadable()) {
        content.release();
      } else {
        to.pieceReceived(content.content());
      }
      if (part instanceof LastHttpContent && !interim) {
        over = true; // the rest of what was read is looked at before anybody hears of that
      }
    }
  }

  /** A 101 is invalid, too: no request asks for another protocol. */
  private boolean isValid(int status) {
    interimAnswers += interim ? 1 : 0;
    return status >= LEAST_STATUS
        && status <= LARGEST_STATUS
        && status != HttpResponseStatus.SWITCHING_PROTOCOLS.code()
        && interimAnswers <= MOST_INTERIM_ANSWERS;
  }

  private void complete() {
    var to = listener;
    if (to == null) {
      return; // the listener aborted the request when it heard of the last piece
    }
    listener = null;
    resume();
    var isClean = !surplus && !decoder.hasUnread();
    if (isClean && reusable && sending != null && sending.isSuccess() && isOpen()) {
      becomeIdle();
    } else {
      close();
    }
    to.completed();
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext from) {
    if (over) {
      complete();
    } else if (listener != null) {
      listener.readCompleted();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext from) {
    if (silenceCheck != null) {
      silenceCheck.cancel(false);
      silenceCheck = null;
    }
    if (listener == null && !closing) {
      idle.closedAfter(idleNanos(System.nanoTime()));
    }
    idle.closed(this);
    fail(new EOFException("the connection was closed"));
    from.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext from, Throwable cause) {
    fail(cause);
  }

  private void fail(Throwable cause) {
    if (over) {
      surplus = true;
      complete(); // the answer itself is whole
      return;
    }
    var to = listener;
    listener = null;
    close();
    if (to != null) {
      to.failed(failure(cause), cause);
    }
  }

  private Failure failure(Throwable cause) {
    return switch (cause) {
      case TimeoutException ignored -> new Failure.TimedOut(Duration.ofNanos(silenceNanos));
      case HungException ignored -> new Failure.Hung();
      case IOException ignored -> new Failure.Closed(isUnread());
      default -> new Failure.InvalidAnswer();
    };
  }

  /** Whether the endpoint has most likely not read the request on whose way it closed. */
  private boolean isUnread() {
    return wasIdle && !hasHeard && System.nanoTime() - lastNanos < AT_ONCE_NANOS;
  }

  /** One timer serves many requests: it is not cancelled when the request that began it ends. */
  private void checkSilenceIn(long nanos) {
    silenceCheck = context().executor().schedule(this::checkSilence, nanos, TimeUnit.NANOSECONDS);
  }

  private void checkSilence() {
    silenceCheck = null;
    if (listener == null) {
      return;
    }
    var silent = paused ? 0 : System.nanoTime() - lastNanos;
    if (silent < silenceNanos) {
      checkSilenceIn(silenceNanos - silent);
    } else {
      fail(new TimeoutException("the endpoint is silent"));
    }
  }

  private ChannelHandlerContext context() {
    if (context == null) {
      throw new IllegalStateException("the connection is in no pipeline");
    }
    return context;
  }
}
