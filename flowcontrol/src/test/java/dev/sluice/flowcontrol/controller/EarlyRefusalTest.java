package dev.sluice.flowcontrol.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.EarlyRefusalConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;
import dev.sluice.flowcontrol.framework.SafeQueue;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.RejectReason;
import dev.sluice.flowcontrol.types.Usage;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A request is refused on arrival if its turn would come too late. Here a pool serves one request a
 * second, and {@link #BACKLOG} requests wait.
 */
final class EarlyRefusalTest {
  private static final int BACKLOG = 20;
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final FakeClock clock = new FakeClock();
  private final PluginCatalog catalog = PluginCatalog.builtIn();
  private final ArrayDeque<Permit> permits = new ArrayDeque<>();
  private final List<Admission.Rejected> refused = new ArrayList<>();
  private FlowController engine = engine(on());

  @AfterEach
  void close() {
    engine.checkInvariants();
    engine.close();
  }

  @Test
  void refusesARequestWhoseTurnWouldComeTooLate() {
    serve(100);

    offer(request().timeToLive(Duration.ofSeconds(18)));

    assertThat(refused)
        .singleElement()
        .satisfies(refusal -> {
          assertThat(refusal.reason()).isEqualTo(RejectReason.WOULD_EXPIRE);
          assertThat(refusal.detail()).contains("in about 20 s", "may wait 18.0 s");
          assertThat(refusal.retryAfter())
              .isBetween(SECOND.multipliedBy(19), SECOND.multipliedBy(22));
        });
  }

  @Test
  void queuesARequestWhoseTurnWouldComeWithinTheMargin() {
    serve(100);

    offer(request().timeToLive(Duration.ofSeconds(20)));

    assertThat(refused).isEmpty();
  }

  @Test
  void goesByTheDeadlineIfThatComesFirst() {
    serve(100);

    offer(request().deadlineNanos(clock.nanoTime() + SECOND.multipliedBy(15).toNanos()));

    assertThat(refused).hasSize(1);
  }

  @Test
  void queuesEveryRequestByDefault() {
    replaceBy(FlowControlConfig.builder());
    serve(100);

    offer(request().timeToLive(SECOND));

    assertThat(refused).isEmpty();
  }

  @Test
  void queuesEveryRequestWhileFewDeparturesAreKnown() {
    serve(30);

    offer(request().timeToLive(SECOND));

    assertThat(refused).isEmpty();
  }

  @Test
  void believesThatAPoolThatHasJustBecomeSlowerRecovers() {
    serve(300);
    for (var i = 0; i < 3; i++) {
      clock.advance(Duration.ofSeconds(7));
      serveOne();
    }

    offer(request().timeToLive(Duration.ofSeconds(30)));

    assertThat(refused).isEmpty();
  }

  @Test
  void queuesEveryRequestOfAFlowThatWaitsForNothing() {
    serve(100);

    offer(FlowControlRequest.builder("r", new FlowKey("new", 0)).timeToLive(SECOND));

    assertThat(refused).isEmpty();
  }

  @Test
  void queuesARequestThatNeedsOtherEndpointsThanTheBacklog() {
    serve(100);

    offer(request().eligibility(Eligibility.ofModel("other")).timeToLive(SECOND));

    assertThat(refused).isEmpty();
  }

  @Test
  void queuesARequestThatMayGoBeforeOthersOfItsFlow() {
    replaceBy(
        on().defaultBand(
                BandConfig.DEFAULT.withOrdering(
                    catalog.plugin(IntraFlowDispatchPolicy.class, "edf"),
                    catalog.plugin(SafeQueue.class, "heap"))));
    serve(100);

    offer(request().timeToLive(SECOND));

    assertThat(refused).isEmpty();
  }

  @Test
  void queuesEveryRequestWhileThePoolHasNoEndpoint() {
    serve(100);
    engine.poolChanged(PoolSnapshot.EMPTY);

    offer(request().timeToLive(SECOND));

    assertThat(refused).isEmpty();
  }

  @Test
  void followsAReconfiguration() {
    replaceBy(FlowControlConfig.builder());
    serve(100);
    engine.reconfigure(complete(on()));

    offer(request().timeToLive(SECOND));

    assertThat(refused).hasSize(1);
  }

  /** Lets so many requests be served with a full backlog. */
  private void serve(int requests) {
    for (var i = 0; i <= BACKLOG; i++) {
      offer(request());
    }
    for (var i = 0; i < requests; i++) {
      clock.advance(SECOND);
      serveOne();
    }
  }

  private void serveOne() {
    permits.remove().complete(Usage.of(1, 1));
    offer(request());
  }

  private static FlowControlRequest.Builder request() {
    return FlowControlRequest.builder("r", new FlowKey("t", 0));
  }

  private static FlowControlConfig.Builder on() {
    return FlowControlConfig.builder().earlyRefusal(new EarlyRefusalConfig(true, 0.1));
  }

  private FlowControlConfig complete(FlowControlConfig.Builder config) {
    return config
        .detector(
            catalog.plugin(SaturationDetector.class, "concurrency", Map.of("maxConcurrency", 1)))
        .queueAdmission(catalog.plugin(QueueAdmissionPolicy.class, "none"))
        .defaultTtl(Duration.ZERO)
        .build();
  }

  private void replaceBy(FlowControlConfig.Builder config) {
    engine.close();
    engine = engine(config);
  }

  private FlowController engine(FlowControlConfig.Builder config) {
    var made = FlowController.builder(complete(config)).timeSource(clock).build();
    made.poolChanged(PoolSnapshot.of("server"));
    return made;
  }

  private void offer(FlowControlRequest.Builder request) {
    engine.enqueue(
        request.build(),
        admission -> {
          if (admission instanceof Admission.Dispatched dispatched) {
            permits.add(dispatched.permit());
          } else if (admission instanceof Admission.Rejected rejected) {
            refused.add(rejected);
          }
        });
  }
}
