package dev.sluice.serving.refusal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.RejectReason;
import dev.sluice.inference.ErrorBody;
import java.time.Duration;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Status, reason, message and hint of each refusal. */
final class RefusalTest {
  private static final Duration HINT = Duration.ofMillis(2_001);

  @ParameterizedTest
  @CsvSource({
    "CAPACITY, 429, rejected-saturated, 3, why",
    "FLOW_LIMIT, 429, rejected-flow-limit, 3, why",
    "EXPIRED, 429, rejected-ttl-expired, 3, request timed out in queue: why",
    "WOULD_EXPIRE, 429, rejected-would-expire, 3, request would time out in queue: why",
    "NO_ENDPOINTS, 503, rejected-no-endpoints, 3, no endpoints available: why",
    "SHUTTING_DOWN, 503, rejected-shutting-down, 1, flow controller shutting down: why",
    "OTHER, 500, '', 0, internal flow control error: why"
  })
  void rejects(RejectReason reason, int status, String header, long retryAfter, String message) {
    var refusal = Refusal.of(new Admission.Rejected(reason, "why", Duration.ZERO, HINT));

    assertRefusal(refusal, status, header, retryAfter, message);
  }

  @ParameterizedTest
  @CsvSource({
    "EXPIRED, 429, rejected-ttl-expired, 3, request timed out in queue: why",
    "DISPLACED, 429, evicted-displaced, 3, why",
    "NO_ENDPOINTS, 503, rejected-no-endpoints, 3,"
        + " request timed out in queue and no endpoints are available: why",
    "SHUTTING_DOWN, 503, rejected-shutting-down, 1, flow controller shutting down: why",
    "CANCELLED, 503, rejected-context-cancelled, 0, client disconnected: why",
    "OTHER, 500, '', 0, internal flow control error: why"
  })
  void evicts(EvictReason reason, int status, String header, long retryAfter, String message) {
    var refusal = Refusal.of(new Admission.Evicted(reason, "why", Duration.ZERO, HINT));

    assertRefusal(refusal, status, header, retryAfter, message);
  }

  @ParameterizedTest
  @EnumSource(RejectReason.class)
  void namesTheReasonInTheBodyToo(RejectReason reason) {
    var refusal = Refusal.of(new Admission.Rejected(reason, "why", Duration.ZERO, HINT));

    assertThat(refusal.error().code())
        .isEqualTo(refusal.reason().isEmpty() ? "internal_error" : refusal.reason());
  }

  @ParameterizedTest
  @CsvSource({
    "PT0S, 0",
    "PT0.000000001S, 1",
    "PT0.999S, 1",
    "PT1S, 1",
    "PT1.000000001S, 2",
    "PT60S, 60"
  })
  void roundsTheHintUp(Duration hint, long seconds) {
    var refusal =
        Refusal.of(new Admission.Rejected(RejectReason.CAPACITY, "", Duration.ZERO, hint));

    assertThat(refusal.retryAfterSeconds()).isEqualTo(seconds);
  }

  @ParameterizedTest
  @ValueSource(longs = {61, 74, 75, 120, 299, 300})
  void advisesNoLongerWaitThanSdksObey(long seconds) {
    var hint = Duration.ofSeconds(seconds);
    var refusal =
        Refusal.of(new Admission.Rejected(RejectReason.CAPACITY, "", Duration.ZERO, hint));

    assertThat(refusal.retryAfterSeconds()).isBetween(46L, 60L);
  }

  @Test
  void spreadsCallersThatWouldHaveToWaitLonger() {
    var advice =
        LongStream.range(100, 115)
            .mapToObj(Duration::ofSeconds)
            .map(hint -> new Admission.Rejected(RejectReason.CAPACITY, "", Duration.ZERO, hint))
            .map(rejected -> Refusal.of(rejected).retryAfterSeconds())
            .toList();

    assertThat(advice).doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @CsvSource({
    "400, false",
    "401, false",
    "408, true",
    "413, false",
    "429, true",
    "500, ''",
    "502, ''",
    "503, true",
    "504, ''"
  })
  void tellsSdksWhetherToRetry(int status, String told) {
    var error = new ErrorBody(status, "why", "type", "", "");

    assertThat(Refusal.of(error).shouldRetry()).isEqualTo(told);
  }

  @Test
  void advisesToComeBackWhenNoEndpointIsThere() {
    assertThat(Refusal.noEndpoints("why").retryAfterSeconds()).isEqualTo(5);
    assertThat(Refusal.noEndpoints("why").closesConnection()).isFalse();
    assertThat(Refusal.shuttingDown("why").closesConnection()).isTrue();
  }

  @Test
  void hintsAtASecondWhereTheFrontDoorItselfIsFull() {
    assertRefusal(Refusal.saturated("why"), 429, "rejected-saturated", 1, "why");
  }

  private static void assertRefusal(
      Refusal refusal, int status, String header, long retryAfter, String message) {
    assertThat(refusal.error().status()).isEqualTo(status);
    assertThat(refusal.reason()).isEqualTo(header);
    assertThat(refusal.retryAfterSeconds()).isEqualTo(retryAfter);
    assertThat(refusal.error().message()).isEqualTo(message);
  }
}
