package dev.sluice.serving.attempts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.sluice.endpoints.EndpointConfig;
import dev.sluice.endpoints.EndpointPool;
import dev.sluice.endpoints.health.Health;
import dev.sluice.endpoints.health.HealthThresholds;
import dev.sluice.endpoints.scheduling.EndpointPicker;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.Usage;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The next step after each choice of the pool and after each failure. */
final class AttemptsTest {
  private static final Failure CONNECT_FAILED = new Failure.ConnectFailed();
  private static final Failure CLOSED = new Failure.Closed(false);
  private static final Failure UNREAD = new Failure.Closed(true);
  private static final Failure TIMED_OUT = new Failure.TimedOut(Duration.ofMillis(250));
  private static final Failure INVALID = new Failure.InvalidAnswer();

  private final RecordedPermit permit = new RecordedPermit();
  private EndpointPicker picker = (needs, candidates) -> 0;
  private final EndpointPool pool =
      new EndpointPool(
          HealthThresholds.DEFAULT,
          (needs, candidates) -> picker.pick(needs, candidates),
          snapshot -> {});

  private static EndpointConfig endpoint(String id, int maxRequests) {
    return new EndpointConfig(
        id, URI.create("http://127.0.0.1:8000"), Set.of("m"), Set.of(), 1.0, maxRequests);
  }

  private void healthyPool(String... ids) {
    healthyPool(0, ids);
  }

  private void poolWithOnePlaceEach(String... ids) {
    healthyPool(1, ids);
  }

  private void healthyPool(int maxRequests, String... ids) {
    pool.reconfigure(Arrays.stream(ids).map(id -> endpoint(id, maxRequests)).toList());
    for (var id : ids) {
      pool.healthCheckPassed(id);
    }
  }

  private Attempts attempts(boolean repeatable) {
    return new Attempts(pool, Eligibility.ofModel("m"), permit, repeatable);
  }

  private static String read(Attempt attempt) {
    return switch (attempt) {
      case Attempt.Send(var endpoint, var fresh) ->
          "send " + endpoint.id() + (fresh ? " anew" : "");
      case Attempt.OfferAgain(var refusal) ->
          "offer again, or " + refusal.error().status() + " " + refusal.error().message();
      case Attempt.Refuse(var refusal) ->
          "refuse " + refusal.error().status() + " " + refusal.error().message();
    };
  }

  static Stream<Arguments> failures() {
    return Stream.of(
        arguments(CONNECT_FAILED, true, "send b"),
        arguments(CONNECT_FAILED, false, "send b"),
        arguments(CLOSED, true, "send b"),
        arguments(CLOSED, false, "refuse 502 The connection to endpoint a was closed early."),
        arguments(UNREAD, true, "send a anew"),
        arguments(UNREAD, false, "send a anew"),
        arguments(TIMED_OUT, true, "refuse 504 Endpoint a did not answer within 250 ms."),
        arguments(TIMED_OUT, false, "refuse 504 Endpoint a did not answer within 250 ms."),
        arguments(INVALID, true, "refuse 502 Endpoint a gave no valid answer."),
        arguments(INVALID, false, "refuse 502 Endpoint a gave no valid answer."));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void decidesByTheFailureWhetherToTryAgain(Failure failure, boolean repeatable, String next) {
    healthyPool("a", "b");
    var attempts = attempts(repeatable);
    attempts.first();

    var decided = attempts.failed(failure);

    assertThat(read(decided)).isEqualTo(next);
  }

  @Test
  void sendsAgainOnceOnly() {
    healthyPool("a", "b");
    var attempts = attempts(false);
    attempts.first();
    attempts.failed(UNREAD);

    var decided = attempts.failed(UNREAD);

    assertThat(read(decided))
        .isEqualTo("refuse 502 The connection to endpoint a was closed early.");
  }

  @Test
  void takesNoIdleConnectionAfterOneWasClosing() {
    healthyPool("a", "b");
    var attempts = attempts(false);
    attempts.first();
    attempts.failed(UNREAD);

    var decided = attempts.failed(CONNECT_FAILED);

    assertThat(read(decided)).isEqualTo("send b anew");
  }

  static Stream<Arguments> lastFailures() {
    return Stream.of(
        arguments(
            CONNECT_FAILED,
            CONNECT_FAILED,
            "offer again, or 503 no endpoints available: none of the 2 endpoints tried accepted a"
                + " connection"),
        arguments(
            CONNECT_FAILED, CLOSED, "refuse 502 The connection to endpoint b was closed early."),
        arguments(
            CLOSED, CONNECT_FAILED, "refuse 502 The connection to endpoint a was closed early."),
        arguments(CLOSED, CLOSED, "refuse 502 The connection to endpoint b was closed early."));
  }

  @ParameterizedTest
  @MethodSource("lastFailures")
  void refusesWhenEveryEndpointWasTried(Failure atA, Failure atB, String next) {
    healthyPool("a", "b");
    var attempts = attempts(true);
    attempts.first();
    attempts.failed(atA);

    var decided = attempts.failed(atB);

    assertThat(read(decided)).isEqualTo(next);
  }

  @Test
  void namesTheOnlyEndpointThatAcceptsNoConnection() {
    healthyPool("a");
    var attempts = attempts(true);
    attempts.first();

    var decided = attempts.failed(CONNECT_FAILED);

    assertThat(read(decided))
        .isEqualTo(
            "offer again, or 503 no endpoints available: endpoint a did not accept a connection, and there"
                + " is no other to try");
  }

  @Test
  void refusesWhileNoEndpointIsHealthy() {
    pool.reconfigure(List.of(endpoint("a", 0)));

    var decided = attempts(true).first();

    assertThat(read(decided))
        .isEqualTo(
            "offer again, or 503 no endpoints available: no healthy endpoint serves model \"m\"");
  }

  @Test
  void refusesAModelThatNoEndpointServes() {
    healthyPool("a");

    var decided = new Attempts(pool, Eligibility.ofModel("x"), permit, true).first();

    assertThat(read(decided)).isEqualTo("refuse 404 The model 'x' does not exist.");
  }

  @Test
  void refusesWhileEveryEndpointIsAtItsLimit() {
    poolWithOnePlaceEach("a");
    attempts(true).first();

    var decided = attempts(true).first();

    assertThat(read(decided))
        .isEqualTo(
            "offer again, or 429 Every healthy endpoint that could serve the request runs as many requests"
                + " as its maxRequests allows.");
  }

  @Test
  void refusesWhenThePickerFails() {
    healthyPool("a");
    picker = (needs, candidates) -> -1;

    var decided = attempts(true).first();

    assertThat(read(decided)).isEqualTo("refuse 500 The endpoint picker failed.");
  }

  @Test
  void tellsThePoolOfAConnectionThatFails() {
    healthyPool("a", "b");
    var attempts = attempts(true);
    attempts.first();

    attempts.failed(CONNECT_FAILED);

    assertThat(pool.health("a")).isNotEqualTo(Health.State.HEALTHY);
  }

  @ParameterizedTest
  @MethodSource("failuresOfAnEndpointThatAcceptsConnections")
  void leavesTheEndpointHealthyAfterOtherFailures(Failure failure) {
    healthyPool("a", "b");
    var attempts = attempts(true);
    attempts.first();

    attempts.failed(failure);

    assertThat(pool.health("a")).isEqualTo(Health.State.HEALTHY);
  }

  static Stream<Failure> failuresOfAnEndpointThatAcceptsConnections() {
    return Stream.of(CLOSED, TIMED_OUT, INVALID);
  }

  @Test
  void bindsThePermitToEachEndpointInTurn() {
    healthyPool("a", "b");
    var attempts = attempts(true);

    attempts.first();
    attempts.failed(CLOSED);

    assertThat(permit.calls).containsExactly("bind a", "bind b");
  }

  @Test
  void holdsAPlaceOnlyWhereTheRequestIs() {
    poolWithOnePlaceEach("a", "b");
    var attempts = attempts(true);
    attempts.first();

    attempts.failed(CLOSED);

    assertThat(read(attempts(true).first())).isEqualTo("send a");
    assertThat(read(attempts(true).first())).startsWith("offer again, or 429");
  }

  @Test
  void completingGivesBackThePlaceAndThePermit() {
    poolWithOnePlaceEach("a");
    var attempts = attempts(true);
    attempts.first();
    attempts.progress(Usage.of(1, 2));

    attempts.complete(Usage.of(1, 3));

    assertThat(read(new Attempts(pool, Eligibility.ANY, new RecordedPermit(), true).first()))
        .isEqualTo("send a");
    assertThat(permit.calls).containsExactly("bind a", "progress 2", "complete 3");
  }

  @Test
  void completingGivesThePermitBackAfterARefusal() {
    var attempts = attempts(true);
    attempts.first();

    attempts.complete(Usage.NONE);

    assertThat(permit.calls).containsExactly("complete 0");
  }

  @Test
  void chargesNothingForARequestThatReachedNoEndpoint() {
    healthyPool("a");
    var attempts = attempts(true);
    attempts.first();
    attempts.failed(CONNECT_FAILED);

    attempts.abandon();

    assertThat(permit.calls).containsExactly("bind a", "complete 0");
  }

  static Stream<Failure> failuresAfterSending() {
    return Stream.of(CLOSED, TIMED_OUT, INVALID);
  }

  @ParameterizedTest
  @MethodSource("failuresAfterSending")
  void leavesOpenWhatWasUsedWhereAnEndpointMayHaveServed(Failure failure) {
    healthyPool("a");
    var attempts = attempts(true);
    attempts.first();
    attempts.failed(failure);

    attempts.abandon();

    assertThat(permit.calls).containsExactly("bind a", "fail");
  }

  @Test
  void leavesOpenWhatARequestUsedThatIsOnItsWay() {
    healthyPool("a");
    var attempts = attempts(true);
    attempts.first();
    attempts.sent();

    attempts.abandon();
    attempts.abandon();
    attempts.complete(Usage.of(1, 1));

    assertThat(permit.calls).containsExactly("bind a", "close");
  }

  @Test
  void completingAgainDoesNothing() {
    healthyPool("a");
    var attempts = attempts(true);
    attempts.first();
    attempts.complete(Usage.NONE);

    attempts.complete(Usage.of(1, 1));

    assertThat(permit.calls).containsExactly("bind a", "complete 0");
  }

  @Test
  void failsNowhereBeforeTheFirstEndpointIsChosen() {
    healthyPool("a");

    assertThatIllegalStateException().isThrownBy(() -> attempts(true).failed(CLOSED));
  }

  @Test
  void choosesTheFirstEndpointOnce() {
    healthyPool("a");
    var attempts = attempts(true);
    attempts.first();

    assertThatIllegalStateException().isThrownBy(attempts::first);
  }
}
