package dev.sluice.serving.attempts;

import java.time.Duration;

/**
 * The ways in which a request can fail at an endpoint before the first byte of the answer's body.
 */
public sealed interface Failure {

  /** No connection could be opened, so the endpoint has seen nothing of the request. */
  record ConnectFailed() implements Failure {}

  /**
   * The connection broke after the request was sent and before the body of the answer began.
   *
   * @param unread whether the connection had been idle before, and closed at once and without a
   *     byte. Then the endpoint was closing it while the request was on its way, and has most
   *     likely never read the request.
   */
  record Closed(boolean unread) implements Failure {}

  /**
   * The endpoint was silent for too long.
   *
   * @param limit the silence that is allowed
   */
  record TimedOut(Duration limit) implements Failure {}

  /**
   * The endpoint failed its health checks and was silent for a while after that. It has most likely
   * hung.
   */
  record Hung() implements Failure {}

  /** Bytes came that are not a valid answer. */
  record InvalidAnswer() implements Failure {}
}
