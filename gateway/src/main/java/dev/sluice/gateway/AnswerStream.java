package dev.sluice.gateway;

import dev.sluice.flowcontrol.types.Usage;
import dev.sluice.gateway.upstream.EndpointConnection;
import dev.sluice.serving.attempts.Attempts;
import dev.sluice.serving.offer.Offer;
import dev.sluice.serving.usage.UsageWatch;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponse;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.internal.buffer.BufferInternal;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The body of one answer on its way from the endpoint to the client. Pieces that arrived in one
 * read cycle leave in one write, or in several of at least {@value #LONGEST_UNWRITTEN_BYTES} bytes.
 * If the client reads too slowly, the connection to the endpoint is paused until the client has
 * caught up. Lives on its event loop.
 *
 * <p>A read cycle may be many reads of the socket, so the pause must not wait for its end. What is
 * held for a client that reads nothing is at most about 256 KB: up to {@value #MOST_UNSENT_BYTES}
 * bytes that the client's socket did not take yet, the write that exceeded them, and the rest of
 * one read. The bytes are counted here, because the write queues of HTTP/2 streams are limited in
 * messages.
 */
final class AnswerStream {
  /** Hears whether the client keeps up with the endpoint. */
  interface Pace {
    /** The client reads too slowly; the endpoint's connection was paused. */
    void clientFellBehind();

    /** The client has read enough; the endpoint's connection is resumed. */
    void clientCaughtUp();
  }

  /** So many bytes are written before the read cycle ends. */
  static final int LONGEST_UNWRITTEN_BYTES = 64 << 10;

  /** If so many bytes were written and the socket did not take them, the endpoint is paused. */
  static final int MOST_UNSENT_BYTES = 128 << 10;

  private final HttpServerResponse response;
  private final boolean http2;
  private final UsageWatch usage;
  private final Pace pace;
  private final Guard guard;

  /** The connection to pause and resume; null when the answer is over. */
  private @Nullable EndpointConnection upstream;

  /** The bytes that arrived and are not written yet. */
  private @Nullable ByteBuf unwritten;

  /** The bytes that were written and that the client's socket did not take yet. */
  private long unsentBytes;

  private boolean behind;

  /**
   * The stream of an answer whose head has just arrived.
   *
   * @param request the client's request
   * @param upstream the connection that the answer arrives on
   * @param usage counts the tokens
   * @param guard stands before every callback
   */
  private AnswerStream(
      HttpServerRequest request,
      EndpointConnection upstream,
      UsageWatch usage,
      Pace pace,
      Guard guard) {
    this.response = request.response();
    this.http2 = request.version() == HttpVersion.HTTP_2;
    this.upstream = upstream;
    this.usage = usage;
    this.pace = pace;
    this.guard = guard;
  }

  /** The stream of an answer, which counts tokens if the request went to a model. */
  static AnswerStream of(
      Offer.Ready offer,
      HttpServerRequest request,
      EndpointConnection upstream,
      HttpResponse head,
      Pace pace,
      Guard guard) {
    var usage =
        offer.inference()
            ? UsageWatch.of(
                head.status().code(),
                head.headers().get(HttpHeaderNames.CONTENT_TYPE),
                head.headers().get(HttpHeaderNames.CONTENT_ENCODING),
                !offer.usageSplice().isNone())
            : UsageWatch.none();
    return new AnswerStream(request, upstream, usage, pace, guard);
  }

  /**
   * Sends the head of the answer, as far as it is meant for the client, with the body to follow.
   */
  void begin(HttpResponse head, ProxyHeaders headers, String requestId) {
    var status = head.status().code();
    response.setStatusCode(status);
    var hasLength =
        headers.toClient(head.headers(), requestId, usage.shortens(), response.headers());
    if (!hasLength && !http2 && status != 204 && status != 304) {
      response.setChunked(true);
    }
  }

  /** The usage that the endpoint reported; empty if it has reported none. */
  Optional<Usage> reported() {
    return usage.reported();
  }

  /** The tokens used so far, as far as they were seen. */
  Usage seen() {
    return usage.seen();
  }

  /**
   * Charges what the endpoint reported, and gives the permit back. What it did not say is charged
   * as far as it was seen.
   *
   * @param answer null if there was none
   */
  static void settle(@Nullable AnswerStream answer, Attempts attempts) {
    try {
      if (answer != null && answer.reported().isPresent()) {
        attempts.complete(answer.reported().get());
      } else if (answer != null && answer.seen().outputTokens() > 0) {
        attempts.progress(answer.seen());
      }
    } finally {
      attempts.abandon(); // does nothing after complete
    }
  }

  /** Whether so many more events with content came. If so, counting begins anew. */
  boolean advanced(int events) {
    return usage.advanced(events);
  }

  /** Takes a piece from the endpoint, which from now on belongs to the stream. */
  void add(ByteBuf piece) {
    keep(passing(piece));
    if (unwritten != null && unwritten.readableBytes() >= LONGEST_UNWRITTEN_BYTES) {
      write();
    }
  }

  /**
   * The part of the piece that may pass: in the usual case the piece itself, without a copy. A
   * piece that is not returned has been released.
   */
  private ByteBuf passing(ByteBuf piece) {
    var passes = false;
    try {
      var parts = usage.feed(piece.nioBuffer());
      passes = parts.size() == 1 && parts.getFirst().remaining() == piece.readableBytes();
      return passes ? piece : copy(parts);
    } finally {
      if (!passes) {
        piece.release();
      }
    }
  }

  private static ByteBuf copy(List<ByteBuffer> parts) {
    return parts.isEmpty()
        ? Unpooled.EMPTY_BUFFER
        : Unpooled.copiedBuffer(parts.toArray(ByteBuffer[]::new));
  }

  private void keep(ByteBuf piece) {
    if (!piece.isReadable()) {
      piece.release();
    } else if (unwritten == null) {
      unwritten = piece;
    } else if (unwritten instanceof CompositeByteBuf pieces) {
      pieces.addComponent(true, piece);
    } else {
      unwritten = Unpooled.compositeBuffer(Integer.MAX_VALUE).addComponents(true, unwritten, piece);
    }
  }

  /** Writes the pieces that arrived, and pauses the endpoint if the client does not keep up. */
  void write() {
    if (unwritten == null) {
      return;
    }
    var piece = takeUnwritten(unwritten);
    send(piece, response::write);
    if (upstream == null || !(response.writeQueueFull() || unsentBytes > MOST_UNSENT_BYTES)) {
      return;
    }
    upstream.pause();
    if (!behind) {
      behind = true;
      pace.clientFellBehind();
    }
    response.drainHandler(ignored -> guard.run(this::perhapsCaughtUp));
  }

  private void perhapsCaughtUp() {
    if (!behind || response.writeQueueFull() || unsentBytes > MOST_UNSENT_BYTES / 2) {
      return;
    }
    behind = false;
    pace.clientCaughtUp();
    if (upstream != null) {
      upstream.resume();
    }
  }

  /** The answer is complete: writes what is left and ends the client's response. */
  void finish() {
    upstream = null;
    keep(copy(usage.heldBack()));
    if (unwritten == null) {
      var _ = response.end();
    } else {
      var piece = takeUnwritten(unwritten);
      send(piece, response::end);
    }
  }

  /** Hands a piece to the response, and releases it when it is written or cannot be. */
  private void send(ByteBuf piece, Function<Buffer, Future<Void>> write) {
    var bytes = piece.readableBytes();
    Future<Void> written;
    try {
      written = write.apply(BufferInternal.buffer(piece));
    } catch (RuntimeException e) {
      piece.release();
      throw e;
    }
    unsentBytes += bytes;
    written.onComplete(ignored -> {
      piece.release();
      unsentBytes -= bytes;
      guard.run(this::perhapsCaughtUp);
    });
  }

  /** The endpoint broke off the answer: writes the pieces that arrived. */
  void breakOff() {
    upstream = null;
    write();
  }

  /**
   * Returns the bytes to write. The caller releases them when they are written: Vert.x does not.
   */
  private ByteBuf takeUnwritten(ByteBuf taken) {
    unwritten = null;
    if (!http2) {
      return taken;
    }
    try {
      return Unpooled.copiedBuffer(taken); // HTTP/2 streams may drop a write and not report it
    } finally {
      taken.release();
    }
  }

  /** Gives back the bytes that were not written. Calling it again does nothing. */
  void release() {
    upstream = null;
    behind = false; // nobody waits for the client any more
    if (unwritten != null) {
      unwritten.release();
      unwritten = null;
    }
  }
}
