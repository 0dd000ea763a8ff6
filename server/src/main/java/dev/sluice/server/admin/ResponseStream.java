package dev.sluice.server.admin;

import io.vertx.core.Context;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The body of a chunked answer that is written on a thread which may wait. Of a large page, only
 * one piece is in memory at a time, because each is written before the next is made. Not
 * thread-safe.
 */
final class ResponseStream extends OutputStream {
  private static final int PIECE_BYTES = 64 << 10;

  private final Context loop;
  private final HttpServerResponse response;
  private final long patienceSeconds;
  private final byte[] piece = new byte[PIECE_BYTES];
  private int size;

  /**
   * A stream to which nothing has been written.
   *
   * @param loop the event loop of the response
   * @param patienceSeconds how long the client may take to read one piece
   */
  ResponseStream(Context loop, HttpServerResponse response, long patienceSeconds) {
    this.loop = loop;
    this.response = response;
    this.patienceSeconds = patienceSeconds;
  }

  @Override
  public void write(int b) throws IOException {
    if (size == piece.length) {
      send();
    }
    piece[size++] = (byte) b;
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    for (var at = offset; at < offset + length; ) {
      if (size == piece.length) {
        send();
      }
      var part = Math.min(offset + length - at, piece.length - size);
      System.arraycopy(bytes, at, piece, size, part);
      size += part;
      at += part;
    }
  }

  private void send() throws IOException {
    var bytes = Buffer.buffer(Arrays.copyOf(piece, size));
    size = 0;
    await(bytes, false);
  }

  /** Writes what is left, and ends the answer. */
  void end() throws IOException {
    await(Buffer.buffer(Arrays.copyOf(piece, size)), true);
  }

  private void await(Buffer bytes, boolean last) throws IOException {
    var written = Promise.<Void>promise();
    loop.runOnContext(
        ignored -> (last ? response.end(bytes) : response.write(bytes)).onComplete(written));
    try {
      written
          .future()
          .toCompletionStage()
          .toCompletableFuture()
          .get(patienceSeconds, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while a page was written");
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException("the client does not read the page", e);
    }
  }
}
