package dev.sluice.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.MaxMessagesRecvByteBufAllocator;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
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
 * would write three. It also tells the {@link ClientSocket} where requests and answers begin and
 * end, and marks the answers after which the connection is closed. Lives on the connection's event
 * loop.
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
  private final ClientSocket socket;
  private final ClientSockets sockets;
  private @Nullable Consumer<ByteBuf> reader;
  private boolean requestBegins;
  private boolean chunked;
  private boolean closes;

  /** Whether the client waits for "100 Continue" before it sends the body. */
  private boolean waitsToSendBody;

  private ClientConnection(
      ChannelHandlerContext encoder, ClientSocket socket, ClientSockets sockets) {
    this.encoder = encoder;
    this.socket = socket;
    this.sockets = sockets;
  }

  /**
   * Enters the pipeline of a connection that speaks HTTP/1. The streams of an HTTP/2 connection are
   * followed by its {@link ClientSocket}.
   */
  static void enter(ClientSockets sockets, HttpConnection connection) {
    if (connection instanceof ConnectionBase base) {
      sockets.enterListenerOf(base.channel());
      var known = ClientSocket.of(base.channel());
      var socket = known == null ? sockets.adopt(base.channel()) : known;
      var pipeline = base.channel().pipeline();
      socket.protocolDecided(pipeline);
      base.channel().config().setRecvByteBufAllocator(reads());
      var encoder = pipeline.context(ENCODER);
      if (encoder != null && pipeline.get(SERVER) != null) {
        var entering = new ClientConnection(encoder, socket, sockets);
        pipeline.addBefore(SERVER, null, entering);
        base.channel().attr(KEY).set(entering);
      }
    }
  }

  /**
   * How the socket is read: once in a turn of the event loop, and not sixteen times as by default.
   * In between, the other connections of the loop have their turns, so a client whose bytes take
   * long to parse, such as chunks of one byte, holds them up for milliseconds and not for seconds.
   */
  static MaxMessagesRecvByteBufAllocator reads() {
    return new AdaptiveRecvByteBufAllocator(
            SMALLEST_READ_BYTES, FIRST_READ_BYTES, LARGEST_READ_BYTES)
        .maxMessagesPerRead(1);
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
    if (message instanceof HttpRequest head) {
      reader = null;
      requestBegins = true;
      waitsToSendBody =
          head.headers().contains(HttpHeaderNames.EXPECT)
              && (head.headers().contains(HttpHeaderNames.TRANSFER_ENCODING)
                  || !head.headers().get(HttpHeaderNames.CONTENT_LENGTH, "0").trim().equals("0"));
      socket.requestBegan();
      checkVersion(head);
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
        waitsToSendBody = false;
        socket.requestRead();
        context.fireChannelRead(LastHttpContent.EMPTY_LAST_CONTENT);
      }
    } else {
      if (message instanceof LastHttpContent) {
        waitsToSendBody = false;
        socket.requestRead();
      }
      context.fireChannelRead(message);
    }
  }

  /**
   * Reads a later minor version as HTTP/1.1, as RFC 9110 asks, and marks a request of another major
   * version as one that cannot be read.
   */
  private static void checkVersion(HttpRequest head) {
    var version = head.protocolVersion();
    if (version == HttpVersion.HTTP_1_1 || version == HttpVersion.HTTP_1_0) {
      return;
    }
    if (version.majorVersion() != 1 || !version.protocolName().equals("HTTP")) {
      if (head.decoderResult().isSuccess()) {
        head.setDecoderResult(
            DecoderResult.failure(new UnsupportedVersionException(version.text())));
      }
    }
    head.setProtocolVersion(
        version.majorVersion() == 1 && version.minorVersion() == 0
            ? HttpVersion.HTTP_1_0
            : HttpVersion.HTTP_1_1);
  }

  /** A request of a version of HTTP that is not 1.x. */
  static final class UnsupportedVersionException extends DecoderException {
    private static final long serialVersionUID = 1;

    UnsupportedVersionException(String version) {
      super(version);
    }
  }

  @Override
  public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
    var sent = promise;
    if (message instanceof HttpResponse head) {
      if (head.status().codeClass() == HttpStatusClass.INFORMATIONAL) {
        waitsToSendBody = false;
        var _ = context.write(message, promise);
        return;
      }
      chunked = HttpUtil.isTransferEncodingChunked(head);
      decideClosing(head);
    } else if (chunked
        && message instanceof HttpContent content
        && !(message instanceof LastHttpContent)) {
      var size = content.content().readableBytes();
      if (0 < size && size <= LONGEST_COPIED_BYTES) {
        var _ = encoder.write(chunk(context, content, size), promise);
        return;
      }
    }
    if (message instanceof LastHttpContent) {
      socket.answerWritten(closes);
      sent = promise.unvoid();
      sent.addListener(ignored -> socket.answerLeft());
    }
    var _ = context.write(message, sent);
  }

  /**
   * Decides whether the connection is closed after this answer: if the answer says so, if the
   * gateway is draining, or if a client of HTTP/1.0 could not find the end of the body otherwise.
   * It is closed too if the client was not asked for its body: what it sends next may be the body
   * or the next request, and nobody could tell one from the other.
   */
  private void decideClosing(HttpResponse head) {
    var headers = head.headers();
    var endless =
        head.protocolVersion() == HttpVersion.HTTP_1_0
            && !headers.contains(HttpHeaderNames.CONTENT_LENGTH)
            && !hasNoBody(head.status().code());
    closes =
        endless
            || waitsToSendBody
            || sockets.isDraining()
            || headers.containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE, true);
    if (closes) {
      headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    }
  }

  private static boolean hasNoBody(int status) {
    return status == 204 || status == 304;
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
