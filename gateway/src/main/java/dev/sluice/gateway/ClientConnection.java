package dev.sluice.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.AttributeKey;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.impl.ConnectionBase;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A handler in the pipeline of a client's HTTP/1 connection that saves two copies. A piece of a
 * request body is handed on in the buffer that it was read into, which Vert.x would copy. A small
 * piece of an answer is written as one buffer together with its chunk frame, where the encoder
 * would write three. Lives on the connection's event loop.
 */
final class ClientConnection extends ChannelDuplexHandler {
  private static final AttributeKey<ClientConnection> KEY =
      AttributeKey.valueOf(ClientConnection.class, "connection");
  private static final String ENCODER = "httpEncoder";
  private static final String SERVER = "handler";
  private static final int SMALLEST_READ_BYTES = 512;
  private static final int FIRST_READ_BYTES = 2 << 10;
  private static final int LARGEST_READ_BYTES = 256 << 10;
  private static final int LONGEST_COPIED_BYTES = 8 << 10;
  private static final int CHUNK_FRAME_BYTES = 4 + 2 + 2;
  private static final int CRLF = '\r' << 8 | '\n';
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

  private final ChannelHandlerContext encoder;
  private @Nullable Consumer<ByteBuf> reader;
  private boolean requestBegins;
  private boolean chunked;

  private ClientConnection(ChannelHandlerContext encoder) {
    this.encoder = encoder;
  }

  /** Enters the pipeline of a connection that speaks HTTP/1; leaves other connections alone. */
  static void enter(HttpConnection connection) {
    if (connection instanceof ConnectionBase base) {
      var pipeline = base.channel().pipeline();
      var encoder = pipeline.context(ENCODER);
      if (encoder != null && pipeline.get(SERVER) != null) {
        var entering = new ClientConnection(encoder);
        pipeline.addBefore(SERVER, null, entering);
        base.channel().attr(KEY).set(entering);
        base.channel()
            .config()
            .setRecvByteBufAllocator(
                new AdaptiveRecvByteBufAllocator(
                    SMALLEST_READ_BYTES, FIRST_READ_BYTES, LARGEST_READ_BYTES));
      }
    }
  }

  /**
   * Gives the body of a request to {@code taker}, which has to release each piece. The end of the
   * body is still reported through the request's end handler. Returns false if the connection does
   * not support this; the body then comes through the request's own handler.
   *
   * @param request the request whose head is just being handled
   */
  static boolean giveBody(HttpServerRequest request, Consumer<ByteBuf> taker) {
    if (request.connection() instanceof ConnectionBase base) {
      var own = base.channel().attr(KEY).get();
      if (own != null && own.requestBegins) {
        own.reader = taker;
        return true;
      }
    }
    return false;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (message instanceof HttpRequest) {
      reader = null;
      requestBegins = true;
      try {
        context.fireChannelRead(message);
      } finally {
        requestBegins = false;
      }
    } else if (reader != null
        && message instanceof HttpContent content
        && content.decoderResult().isSuccess()) {
      if (content.content().isReadable()) {
        reader.accept(content.content());
      } else {
        content.release();
      }
      if (message instanceof LastHttpContent) {
        reader = null;
        context.fireChannelRead(LastHttpContent.EMPTY_LAST_CONTENT);
      }
    } else {
      context.fireChannelRead(message);
    }
  }

  @Override
  public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
    if (message instanceof HttpResponse head) {
      chunked = HttpUtil.isTransferEncodingChunked(head);
    } else if (chunked
        && message instanceof HttpContent content
        && !(message instanceof LastHttpContent)) {
      var size = content.content().readableBytes();
      if (0 < size && size <= LONGEST_COPIED_BYTES) {
        var _ = encoder.write(chunk(context, content, size), promise);
        return;
      }
    }
    var _ = context.write(message, promise);
  }

  private static ByteBuf chunk(ChannelHandlerContext context, HttpContent content, int size) {
    var chunk = context.alloc().directBuffer(size + CHUNK_FRAME_BYTES);
    for (var shift = (31 - Integer.numberOfLeadingZeros(size)) & ~3; shift >= 0; shift -= 4) {
      chunk.writeByte(HEX[(size >> shift) & 15]);
    }
    chunk.writeShort(CRLF).writeBytes(content.content()).writeShort(CRLF);
    content.release();
    return chunk;
  }
}
