package dev.sluice.gateway;

import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.inference.BodySplice;
import dev.sluice.inference.ErrorBody;
import dev.sluice.serving.refusal.Refusal;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.internal.buffer.BufferInternal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The body of one request, and the memory that the request holds. The body is kept from the first
 * byte until the answer begins, because the request may be sent again until then. Lives on its
 * event loop.
 *
 * <p>What is held is what is counted. A piece is a view of the buffer that the socket was read
 * into. If the piece is less than half of that buffer, it is copied, and small pieces are copied
 * into one buffer, whose whole capacity counts. So a body in chunks of one byte takes no more
 * memory than others.
 */
final class RequestBody {
  /** What a request counts besides its body and its headers: the objects that represent it. */
  static final long REQUEST_BYTES = 8 << 10;

  private static final int SMALLEST_HELD_BYTES = 4 << 10;
  private static final int SMALLEST_COPY_BYTES = 512;
  private static final int LARGEST_COPY_BYTES = 64 << 10;

  private final BodyBudget budget;
  private final BodyBudget.Share share;
  private final long maxBytes;
  private long sizeBytes;
  private long headBytes;

  /** Takes the bytes back from another thread that has not begun to use them; null if not lent. */
  private @Nullable BooleanSupplier takesBack;

  private volatile boolean released;

  /** The pieces, in order. The last one is the tail, if there is a tail. */
  private final List<ByteBuf> pieces = new ArrayList<>(1);

  /** The buffer into which small pieces are copied; null if the last piece was not copied. */
  private @Nullable ByteBuf tail;

  private int copyBytes = SMALLEST_COPY_BYTES;

  /**
   * An empty body.
   *
   * @param share the memory of the request, of which the body is now the owner
   * @param maxBytes the longest body that is accepted
   */
  RequestBody(BodyBudget budget, BodyBudget.Share share, long maxBytes) {
    this.budget = budget;
    this.share = share;
    this.maxBytes = Math.min(maxBytes, budget.limitBytes());
  }

  /**
   * Takes the memory for the head of the request. What the head announces takes none: only what has
   * arrived does.
   *
   * @param headerBytes the memory that the headers take
   * @param announcedBytes the length of the body; 0 if the request does not say
   * @return why the request is refused; empty if it is not
   */
  Optional<Refusal> expect(long headerBytes, long announcedBytes) {
    headBytes = headerBytes + REQUEST_BYTES;
    return announcedBytes > maxBytes ? tooLarge() : take(headBytes);
  }

  /**
   * Takes the pieces of the body as they arrive.
   *
   * @param request the client's request, whose head is just being handled
   * @param guard stands before each callback
   * @param refuse told if the body is too large or finds no memory
   * @param complete told when the last piece has arrived
   */
  void receive(
      HttpServerRequest request, Guard guard, Consumer<Refusal> refuse, Runnable complete) {
    var taker = guard.of((ByteBuf piece) -> add(piece).ifPresent(refuse));
    if (!ClientConnection.giveBody(request, taker)) {
      request.handler(piece -> taker.accept(((BufferInternal) piece).getByteBuf()));
    }
    request.endHandler(ignored -> guard.run(complete));
  }

  /**
   * Adds a piece, which from now on belongs to the body. After {@link #release} pieces are dropped.
   *
   * @return the refusal, after which the piece has been dropped; empty if the piece is accepted
   */
  Optional<Refusal> add(ByteBuf piece) {
    var held = false;
    try {
      if (released || !piece.isReadable()) {
        return Optional.empty();
      }
      sizeBytes += piece.readableBytes();
      if (sizeBytes > maxBytes) {
        return tooLarge();
      }
      held = fills(piece);
      return held ? hold(piece) : copy(piece);
    } finally {
      if (!held) {
        piece.release();
      }
    }
  }

  /** Whether a piece is not small, and is most of the buffer that it is a view of. */
  private static boolean fills(ByteBuf piece) {
    if (piece.readableBytes() < SMALLEST_HELD_BYTES) {
      return false;
    }
    var root = piece;
    for (var under = root.unwrap(); under != null; under = root.unwrap()) {
      root = under;
    }
    return piece.readableBytes() >= root.capacity() / 2;
  }

  private Optional<Refusal> hold(ByteBuf piece) {
    var refusal = take(piece.readableBytes());
    if (refusal.isPresent()) {
      piece.release();
    } else {
      pieces.add(piece);
      tail = null;
    }
    return refusal;
  }

  /** Copies a piece to the tail, and what does not fit there to a larger one. */
  private Optional<Refusal> copy(ByteBuf piece) {
    var refusal = Optional.<Refusal>empty();
    if (tail != null) {
      tail.writeBytes(piece, Math.min(tail.writableBytes(), piece.readableBytes()));
    }
    if (piece.isReadable()) {
      var capacity = Math.max(copyBytes, piece.readableBytes());
      refusal = take(capacity);
      if (refusal.isEmpty()) {
        tail = piece.alloc().directBuffer(capacity, capacity);
        pieces.add(tail);
        tail.writeBytes(piece);
        copyBytes = Math.min(LARGEST_COPY_BYTES, 2 * copyBytes);
      }
    }
    return refusal;
  }

  private Optional<Refusal> take(long bytes) {
    return switch (share.take(bytes)) {
      case TAKEN -> Optional.empty();
      case REFUSED ->
          Optional.of(
              Refusal.saturated(
                  "The gateway's memory for requests ("
                      + budget.limitBytes()
                      + " bytes) is used up."));
      case GAVE_WAY -> Optional.of(gaveWay());
    };
  }

  /** The refusal of a request that gave way. */
  static Refusal gaveWay() {
    return Refusal.of(
        new Admission.Evicted(
            EvictReason.DISPLACED,
            "the gateway's memory is short, and it went to a request of a higher priority, or of a"
                + " tenant that holds less",
            Duration.ZERO,
            Duration.ofSeconds(1)));
  }

  private Optional<Refusal> tooLarge() {
    return Optional.of(Refusal.of(ErrorBody.bodyTooLarge(maxBytes)));
  }

  /** The body as it is, in pieces. They are views and valid until {@link #release}. */
  List<ByteBuffer> pieces() {
    var views = new ArrayList<ByteBuffer>(pieces.size());
    for (var piece : pieces) {
      views.addAll(List.of(piece.nioBuffers()));
    }
    return views;
  }

  /** The length of the body as it is sent to an endpoint. */
  long sizeBytes() {
    return sizeBytes;
  }

  /** The memory that the request holds. */
  long heldBytes() {
    return share.bytes();
  }

  /** Edits the body in place. Nothing is copied but the inserted text. */
  void splice(BodySplice splice) {
    if (pieces.isEmpty() || splice.isNone()) {
      return;
    }
    var edit = (int) splice.offset();
    var rest = edit + splice.removedBytes();
    var whole = toSend();
    var edited = Unpooled.compositeBuffer(Integer.MAX_VALUE);
    try {
      edited
          .addComponent(true, whole.retainedSlice(whole.readerIndex(), edit))
          .addComponent(true, Unpooled.copiedBuffer(splice.inserted(), StandardCharsets.US_ASCII))
          .addComponent(
              true, whole.retainedSlice(whole.readerIndex() + rest, whole.readableBytes() - rest));
    } catch (RuntimeException e) {
      edited.release();
      throw e;
    } finally {
      whole.release();
    }
    releasePieces();
    pieces.add(edited);
    sizeBytes += splice.growth();
  }

  /** A request with this body for one attempt. The caller has to release it. */
  FullHttpRequest toSend(HttpMethod method, String target, HttpHeaders headers) {
    var content = toSend();
    try {
      return new DefaultFullHttpRequest(
          HttpVersion.HTTP_1_1, method, target, content, headers, EmptyHttpHeaders.INSTANCE);
    } catch (RuntimeException e) { // for example, a target that is none in HTTP/1
      content.release();
      throw e;
    }
  }

  /** A view of the body for one attempt. The caller has to release it. */
  ByteBuf toSend() {
    if (pieces.size() == 1) {
      return pieces.getFirst().retainedDuplicate();
    }
    if (pieces.isEmpty()) {
      return Unpooled.EMPTY_BUFFER;
    }
    CompositeByteBuf whole = Unpooled.compositeBuffer(Integer.MAX_VALUE);
    for (var piece : pieces) {
      whole.addComponent(true, piece.retainedDuplicate());
    }
    return whole;
  }

  /** From now on, the request gives way to no other. False if it already has. */
  boolean fix() {
    return share.fix();
  }

  /** The request waits again, so it may give way again. */
  void unfix() {
    share.unfix();
  }

  /** Whether the request has ended. Thread-safe. */
  boolean isReleased() {
    return released;
  }

  /**
   * Keeps the bytes until {@link #returned} is called, or until the body is released and can be
   * taken back.
   *
   * @param takeBack returns whether nobody has begun to use the bytes, and nobody will
   */
  void lend(BooleanSupplier takeBack) {
    takesBack = takeBack;
  }

  /** The bytes are no longer used elsewhere. */
  void returned() {
    takesBack = null;
    if (released) {
      free();
    }
  }

  /** Gives back the bytes of the body. The head of the request is still held. */
  void releaseBytes() {
    releasePieces();
    share.shrinkTo(headBytes);
  }

  /** Gives back everything. Calling it again does nothing. */
  void release() {
    released = true;
    if (takesBack == null || takesBack.getAsBoolean()) {
      takesBack = null;
      free();
    }
  }

  private void free() {
    releasePieces();
    share.close();
  }

  private void releasePieces() {
    pieces.forEach(ByteBuf::release);
    pieces.clear();
    tail = null;
  }
}
