package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.upstream.AnswerListener;
import dev.sluice.serving.attempts.Failure;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.io.EOFException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Nothing that an exchange throws passes its guard, and the exchange hears of all of it. */
class GuardTest {
  private final List<Throwable> heard = new ArrayList<>();

  private static final class Broken implements AnswerListener {
    @Override
    public void headReceived(HttpResponse head) {
      throw new IllegalStateException("head");
    }

    @Override
    public void pieceReceived(ByteBuf piece) {
      throw new IllegalArgumentException("piece");
    }

    @Override
    public void readCompleted() {
      throw new StackOverflowError("read");
    }

    @Override
    public void completed() {
      throw new AssertionError("completed");
    }

    @Override
    public void failed(Failure failure, Throwable cause) {
      throw new UnsupportedOperationException("failed");
    }
  }

  @Test
  void stopsEveryThrowOfEveryCallback() {
    var guard = new Guard(new Broken(), heard::add);

    guard.headReceived(new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK));
    guard.pieceReceived(Unpooled.EMPTY_BUFFER);
    guard.readCompleted();
    guard.completed();
    guard.failed(new Failure.InvalidAnswer(), new EOFException());
    guard
        .of(() -> {
          throw new IllegalStateException("timer");
        })
        .run();
    guard
        .of((String given) -> {
          throw new IllegalStateException(given);
        })
        .accept("connected");

    assertThat(heard)
        .extracting(Throwable::getMessage)
        .containsExactly("head", "piece", "read", "completed", "failed", "timer", "connected");
  }

  @Test
  void runsAllStepsWhateverOneThrows() {
    var ran = new ArrayList<String>();

    assertThatThrownBy(() ->
            Guard.runAll(
                () -> ran.add("first"),
                () -> {
                  throw new IllegalStateException("second");
                },
                () -> ran.add("third"),
                () -> {
                  throw new IllegalStateException("fourth");
                },
                () -> ran.add("fifth")))
        .hasMessage("second")
        .hasSuppressedException(new IllegalStateException("fourth"));

    assertThat(ran).containsExactly("first", "third", "fifth");
  }
}
