package dev.sluice.flowcontrol.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.EngineObserver;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.contracts.TimeSource;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.QueueOutcome;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The engine times its operations for observers that ask, and for no others. */
class TimingTest {
  private static final long PER_READING = 10;

  private final TickingClock clock = new TickingClock();
  private final List<String> timings = new ArrayList<>();

  /** Each reading is ten nanoseconds after the one before. */
  private static final class TickingClock implements TimeSource {
    private final FakeClock alarms = new FakeClock();
    private long readings;

    @Override
    public long nanoTime() {
      return alarms.nanoTime() + PER_READING * readings++;
    }

    @Override
    public Alarm newAlarm(Runnable onFire) {
      return alarms.newAlarm(onFire);
    }
  }

  private final class Stopwatch implements EngineObserver {
    private final int oneIn;

    private Stopwatch(int oneIn) {
      this.oneIn = oneIn;
    }

    @Override
    public int timedOneIn() {
      return oneIn;
    }

    @Override
    public void decided(long heldNanos) {
      timings.add("held " + heldNanos);
    }

    @Override
    public void offered(FlowControlRequest request, QueueOutcome outcome, long tookNanos) {
      timings.add(request.id() + " " + outcome.label() + " " + tookNanos);
    }
  }

  private FlowController engine(EngineObserver... observers) {
    var config =
        FlowControlConfig.builder().band(0, BandConfig.DEFAULT.withLimits(1, 1_000)).build();
    var builder = FlowController.builder(config).timeSource(clock);
    for (var observer : observers) {
      builder.observer(observer);
    }
    return builder.build();
  }

  private static void offer(FlowController engine, String id) {
    engine.enqueue(FlowControlRequest.builder(id, new FlowKey("t", 0)).build(), decided -> {});
  }

  @Test
  void timesHowLongTheLockIsHeldAndHowLongAnOfferTakes() {
    try (var engine = engine(new Stopwatch(1))) {
      offer(engine, "queued");
      offer(engine, "refused");
      engine.poolChanged(PoolSnapshot.of("server"));
      offer(engine, "sent");

      assertThat(timings)
          .containsExactly(
              "held 10",
              "queued NotYetFinalized 20",
              "held 10",
              "refused RejectedNoEndpoints 20",
              "held 10",
              "held 10",
              "sent Dispatched 20");
    }
  }

  @Test
  void timesOneOperationInAsManyAsTheMostFrequentWish() {
    try (var engine = engine(new EngineObserver() {}, new Stopwatch(5), new Stopwatch(3))) {
      for (var i = 0; i < 7; i++) {
        engine.poolChanged(PoolSnapshot.EMPTY);
      }

      assertThat(timings).as("the 1st, 4th and 7th, for two").hasSize(6);
    }
  }

  @Test
  void readsTheClockOncePerOperationWhereNobodyAsksForMore() {
    try (var engine = engine(new Stopwatch(0))) {
      var before = clock.readings;

      engine.poolChanged(PoolSnapshot.EMPTY);

      assertThat(clock.readings - before).isEqualTo(1);
      assertThat(timings).isEmpty();
    }
  }

  @Test
  void goesOnWhenATimingFails() {
    var broken =
        new EngineObserver() {
          @Override
          public int timedOneIn() {
            return 1;
          }

          @Override
          public void decided(long heldNanos) {
            throw new IllegalStateException("broken on purpose");
          }
        };
    try (var engine = engine(broken, new Stopwatch(1))) {
      offer(engine, "r");

      assertThat(engine.view().queuedRequests()).isEqualTo(1);
      assertThat(timings).containsExactly("held 10", "r NotYetFinalized 20");
    }
  }
}
