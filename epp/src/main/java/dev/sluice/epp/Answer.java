package dev.sluice.epp;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.sluice.serving.attempts.Attempts;
import dev.sluice.serving.offer.Offer;
import dev.sluice.serving.usage.UsageWatch;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Watches the answer of a model server while it passes to the client: counts the answer's tokens,
 * and reports the progress to the request's {@link Attempts}. Not thread-safe.
 */
final class Answer {
  /**
   * After the first event with content, and then after this many, the engine hears how much was
   * used.
   */
  private static final int PROGRESS_EVENTS = 100;

  private final @Nullable Attempts attempts;
  private final UsageWatch usage;
  private final @Nullable ModelRestore restore;
  private boolean hasBegun;

  private Answer(@Nullable Attempts attempts, UsageWatch usage, @Nullable ModelRestore restore) {
    this.attempts = attempts;
    this.usage = usage;
    this.restore = restore;
  }

  /**
   * The answer to a request whose headers have just arrived.
   *
   * @param offer the request; null if the stream has not seen it
   * @param attempts the request's place on the endpoint; null if it has none
   * @param restore restores the name of the model; null if the name was not changed
   * @param withPickersKey whether the client had no part in the credentials that were sent
   */
  static Answer of(
      Offer.@Nullable Ready offer,
      @Nullable Attempts attempts,
      @Nullable ModelRestore restore,
      Headers headers,
      boolean withPickersKey) {
    var status = status(headers);
    if (attempts != null) {
      attempts.answered(status, withPickersKey);
    }
    var usage =
        offer != null && offer.inference()
            ? UsageWatch.of(
                status,
                headers.first("content-type"),
                headers.first("content-encoding"),
                !offer.usageSplice().isNone())
            : UsageWatch.none();
    var encoding = headers.first("content-encoding", "identity");
    return new Answer(attempts, usage, encoding.equals("identity") ? restore : null);
  }

  /** The status of the answer. One that cannot be read counts as a server's error. */
  private static int status(Headers headers) {
    var status = headers.first(":status", headers.first("status", "200"));
    return status.matches("[1-5][0-9]{2}") ? Integer.parseInt(status) : 502;
  }

  /** Reads a piece and returns the parts that pass now: in the usual case the piece itself. */
  Deque<ByteString> pass(ByteString piece) {
    if (piece.isEmpty()) {
      return new ArrayDeque<>();
    }
    if (attempts != null) {
      attempts.began();
    }
    var passing = new ArrayList<ByteBuffer>(1);
    for (var view : piece.asReadOnlyByteBufferList()) {
      passing.addAll(usage.feed(view));
    }
    if (attempts != null && usage.advanced(hasBegun ? PROGRESS_EVENTS : 1)) {
      hasBegun = true;
      attempts.progress(usage.seen());
    }
    var parts = new ArrayDeque<ByteString>(1);
    if (usage.shortens()) {
      chopAll(passing, parts);
    } else {
      chop(piece, parts);
    }
    return parts;
  }

  /** Takes the bytes that were held back. To be called once, when the answer is complete. */
  Deque<ByteString> heldBack() {
    var parts = new ArrayDeque<ByteString>(1);
    chopAll(usage.heldBack(), parts);
    if (restore != null) {
      RequestContent.chop(restore.heldBack(), parts);
    }
    return parts;
  }

  private void chopAll(List<ByteBuffer> views, Deque<ByteString> parts) {
    for (var view : views) {
      chop(UnsafeByteOperations.unsafeWrap(view), parts);
    }
  }

  private void chop(ByteString piece, Deque<ByteString> parts) {
    RequestContent.chop(restore == null ? piece : restore.pass(piece), parts);
  }

  /** Notes that the answer arrived whole. */
  void finished() {
    if (attempts != null) {
      attempts.finished();
    }
  }

  /**
   * Charges the usage that the answer reported or that was seen of it, and gives the permit back.
   */
  void settle() {
    if (attempts == null) {
      return;
    }
    try {
      var reported = usage.reported();
      if (reported.isPresent()) {
        attempts.complete(reported.get());
      } else if (usage.seen().outputTokens() > 0) {
        attempts.progress(usage.seen());
      }
    } finally {
      attempts.abandon(); // does nothing after complete
    }
  }
}
