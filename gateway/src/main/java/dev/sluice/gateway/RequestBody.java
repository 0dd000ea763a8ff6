package dev.sluice.gateway;

import dev.sluice.inference.BodySplice;
import dev.sluice.inference.ErrorBody;
import dev.sluice.serving.refusal.Refusal;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.internal.buffer.BufferInternal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The body of one request, and the memory that is reserved for it. It is kept from the first byte
 * until the answer begins, because the request may be sent again until then. Lives on its event
 * loop.
 */
final class RequestBody {
  /** A smaller piece is copied. Otherwise it would hold the much larger buffer that was read. */
  private static final int SMALLEST_HELD_BYTES = 4 << 10;

  private final BodyBudget budget;
  private final long maxBytes;
  private long sizeBytes;
  private long reservedBytes;
  private boolean released;
  private @Nullable ByteBuf bytes;

  RequestBody(BodyBudget budget, long maxBytes) {
    this.budget = budget;
    this.maxBytes = maxBytes;
  }

  /**
   * Reserves memory for a body before any byte of it is read.
   *
   * @param announcedBytes its length; 0 if the request does not say
   * @return why the request is refused; empty if it is not
   */
  Optional<Refusal> expect(long announcedBytes) {
    return announcedBytes > maxBytes ? tooLarge() : reserve(announcedBytes);
  }

  /**
   * Takes the pieces of the body as they arrive.
   *
   * @param request the client's request, whose head is just being handled
   * @param refuse told if the body is too large or finds no memory
   * @param complete told when the last piece has arrived
   */
  void receive(HttpServerRequest request, Consumer<Refusal> refuse, Runnable complete) {
    Consumer<ByteBuf> taker = piece -> add(piece).ifPresent(refuse);
    if (!ClientConnection.giveBody(request, taker)) {
      request.handler(piece -> taker.accept(((BufferInternal) piece).getByteBuf()));
    }
    request.endHandler(ignored -> complete.run());
  }

  /**
   * Adds a piece, which from now on belongs to the body. After {@link #release} pieces are dropped.
   *
   * @return the refusal, after which the piece has been dropped; empty if the piece is accepted
   */
  Optional<Refusal> add(ByteBuf piece) {
    if (released) {
      piece.release();
      return Optional.empty();
    }
    sizeBytes += piece.readableBytes();
    Optional<Refusal> refusal = Optional.empty();
    if (sizeBytes > maxBytes) {
      refusal = tooLarge();
    } else if (sizeBytes > reservedBytes) {
      refusal = reserve(sizeBytes - reservedBytes);
    }
    if (refusal.isPresent()) {
      piece.release();
    } else {
      hold(piece);
    }
    return refusal;
  }

  private Optional<Refusal> tooLarge() {
    return Optional.of(Refusal.of(ErrorBody.bodyTooLarge(maxBytes)));
  }

  private Optional<Refusal> reserve(long more) {
    if (budget.reserve(more)) {
      reservedBytes += more;
      return Optional.empty();
    }
    return Optional.of(
        Refusal.saturated(
            "The gateway's memory for request bodies ("
                + budget.limitBytes()
                + " bytes) is used up."));
  }

  private void hold(ByteBuf piece) {
    var kept = piece;
    if (piece.readableBytes() < SMALLEST_HELD_BYTES) {
      kept = piece.alloc().directBuffer(piece.readableBytes()).writeBytes(piece);
      piece.release();
    }
    if (bytes == null) {
      bytes = kept;
    } else if (bytes instanceof CompositeByteBuf pieces) {
      pieces.addComponent(true, kept);
    } else {
      bytes = Unpooled.compositeBuffer(Integer.MAX_VALUE).addComponents(true, bytes, kept);
    }
  }

  /** The body as it is, in pieces. They are views and valid until {@link #release}. */
  List<ByteBuffer> pieces() {
    return bytes == null ? List.of() : List.of(bytes.nioBuffers());
  }

  /** The length of the body as it is sent to an endpoint. */
  long sizeBytes() {
    return sizeBytes;
  }

  /** Edits the body in place. Nothing is copied but the inserted text. */
  void splice(BodySplice splice) {
    if (bytes == null || splice.isNone()) {
      return;
    }
    var edit = (int) splice.offset();
    var rest = edit + splice.removedBytes();
    var whole = bytes;
    bytes =
        Unpooled.wrappedBuffer(
            whole.retainedSlice(whole.readerIndex(), edit),
            Unpooled.copiedBuffer(splice.inserted(), StandardCharsets.US_ASCII),
            whole.retainedSlice(whole.readerIndex() + rest, whole.readableBytes() - rest));
    whole.release();
    sizeBytes += splice.growth();
  }

  /** A view of the body for one attempt. The caller has to release it. */
  ByteBuf toSend() {
    return bytes == null ? Unpooled.EMPTY_BUFFER : bytes.retainedDuplicate();
  }

  /** Gives back the bytes and the reserved memory. Calling it again does nothing. */
  void release() {
    released = true;
    budget.release(reservedBytes);
    reservedBytes = 0;
    if (bytes != null) {
      bytes.release();
      bytes = null;
    }
  }
}
