package dev.sluice.epp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Wherever a stream ends, the place in the queue, the permit and the lease are given back. */
final class GivesBackTest {
  private final PickerUnderTest picker =
      new PickerUnderTest(
          2,
          PickerOptions.DEFAULT,
          PickerUnderTest.roomFor(1).build(),
          PickerUnderTest.plain(4 << 20));

  /** How far a stream gets. */
  enum Stage {
    OPEN,
    HEADERS,
    PART_OF_BODY,
    WAITING,
    SENT,
    ANSWER_HEADERS,
    PART_OF_ANSWER,
    ANSWERED
  }

  @AfterEach
  void stop() throws InterruptedException {
    picker.close();
  }

  private StrictProxy upTo(Stage stage) throws InterruptedException {
    var proxy = picker.open();
    if (stage.compareTo(Stage.HEADERS) >= 0) {
      proxy.headers(":path", "/v1/completions");
    }
    if (stage.compareTo(Stage.PART_OF_BODY) >= 0) {
      proxy.body("{\"model\":\"m\",", false);
    }
    if (stage.compareTo(Stage.WAITING) >= 0) {
      proxy.body("\"prompt\":\"x\"}", true);
    }
    if (stage == Stage.WAITING) {
      await().until(() -> picker.controller.view().queuedRequests() == 1);
    }
    if (stage.compareTo(Stage.SENT) >= 0) {
      assertThat(proxy.next().hasRequestHeaders()).isTrue();
      proxy.requestBody();
    }
    if (stage.compareTo(Stage.ANSWER_HEADERS) >= 0) {
      proxy.responseHeaders(false, ":status", "200", "content-type", "text/event-stream");
      assertThat(proxy.next().hasResponseHeaders()).isTrue();
    }
    if (stage.compareTo(Stage.PART_OF_ANSWER) >= 0) {
      assertThat(proxy.responseBody("data: {}\n\n", false).responsePiece()).isNotEmpty();
    }
    if (stage == Stage.ANSWERED) {
      assertThat(proxy.responseBody("", true).responsePiece()).isEmpty();
    }
    return proxy;
  }

  private List<StrictProxy> fill(Stage stage) throws InterruptedException {
    var running = new ArrayList<StrictProxy>();
    if (stage == Stage.WAITING) {
      running.add(picker.sent());
      running.add(picker.sent());
    }
    return running;
  }

  @ParameterizedTest
  @EnumSource
  void givesBackIfTheClientLeaves(Stage stage) throws InterruptedException {
    var running = fill(stage);
    var proxy = upTo(stage);

    proxy.cancel();

    await().until(() -> picker.controller.view().queuedRequests() == 0);
    running.forEach(StrictProxy::cancel);
    picker.awaitNothingHeld();
  }

  @ParameterizedTest
  @EnumSource
  void givesBackIfTheProxyClosesTheStream(Stage stage) throws InterruptedException {
    var running = fill(stage);
    var proxy = upTo(stage);

    proxy.close();

    assertThat(proxy.end().isOk()).isTrue();
    assertThat(picker.controller.view().queuedRequests()).isZero();
    running.forEach(StrictProxy::cancel);
    picker.awaitNothingHeld();
  }

  @ParameterizedTest
  @EnumSource
  void givesBackAfterAMessageOutOfOrder(Stage stage) throws InterruptedException {
    var running = fill(stage);
    var proxy = upTo(stage);

    proxy.responseTrailers();
    if (stage == Stage.ANSWER_HEADERS || stage == Stage.PART_OF_ANSWER) {
      assertThat(proxy.next().hasResponseTrailers()).isTrue(); // there they are in order
      proxy.responseTrailers();
    }

    assertThat(proxy.end().getCode()).isEqualTo(io.grpc.Status.Code.INVALID_ARGUMENT);
    running.forEach(StrictProxy::cancel);
    picker.awaitNothingHeld();
  }

  @Test
  @DisplayName("A lost connection ends all its streams")
  void givesBackIfTheConnectionIsLost() throws InterruptedException {
    for (var stage : Stage.values()) {
      if (stage != Stage.WAITING && stage != Stage.ANSWERED) {
        picker.useEndpoints(8);
        var _ = upTo(stage);
      }
    }

    picker.channel.shutdownNow();

    picker.awaitNothingHeld();
  }

  @Test
  @DisplayName("200 streams at once, half of which leave at a random stage (seed 17)")
  void servesManyStreams() throws InterruptedException {
    try (var wide = new PickerUnderTest(4, PickerOptions.DEFAULT)) {
      var random = new Random(17);
      var proxies = new ArrayList<StrictProxy>();
      for (var i = 0; i < 200; i++) {
        proxies.add(
            wide.open()
                .headers(":path", "/v1/completions")
                .body(PickerUnderTest.completion("p" + i), true));
      }
      for (var proxy : proxies) {
        if (random.nextInt(4) == 0) {
          proxy.cancel();
          continue;
        }
        assertThat(proxy.next().hasRequestHeaders()).isTrue();
        assertThat(proxy.requestBody()).isNotEmpty();
        proxy.responseHeaders(false, ":status", "200", "content-type", "application/json");
        if (random.nextInt(3) == 0) {
          proxy.cancel();
          continue;
        }
        assertThat(proxy.next().hasResponseHeaders()).isTrue();
        assertThat(proxy.responseBody("{}", true).responsePiece()).isEqualTo("{}");
        proxy.close();
        assertThat(proxy.end().isOk()).isTrue();
      }
      await().atMost(Duration.ofSeconds(20)).untilAsserted(wide::awaitNothingHeld);
    }
  }
}
