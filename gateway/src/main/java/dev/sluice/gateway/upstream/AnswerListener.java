package dev.sluice.gateway.upstream;

import dev.sluice.serving.attempts.Failure;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpResponse;

/**
 * Hears the answer to one request, on the connection's event loop. The last call is {@link
 * #completed} or {@link #failed}.
 */
public interface AnswerListener {
  /** The status and the headers arrived. */
  void headReceived(HttpResponse head);

  /** A piece of the body arrived. The listener owns it and has to release it. */
  void pieceReceived(ByteBuf piece);

  /** Everything that one read of the socket returned has been reported. */
  void readCompleted();

  /** The answer is complete. The connection may already serve another request. */
  void completed();

  /**
   * No more will arrive: the connection broke, the endpoint was silent, or it sent invalid HTTP.
   *
   * @param failure the kind of failure, which decides whether the request may be sent again
   * @param cause the exception, for the log
   */
  void failed(Failure failure, Throwable cause);
}
