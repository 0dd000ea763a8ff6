package dev.sluice.flowcontrol.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.CapacityGate;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.contracts.EngineObserver;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.contracts.RunningRequest;
import dev.sluice.flowcontrol.framework.BandPolicy;
import dev.sluice.flowcontrol.framework.BandView;
import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.framework.FlowQueueView;
import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.InterFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.QueueCapability;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.framework.SafeQueue;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.plugins.queues.ListQueue;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A plugin that throws hurts nobody but, at most, what it was given to hold; and it is named. */
class FaultIsolationTest {
  private final FakeClock clock = new FakeClock();
  private final List<String> faults = new ArrayList<>();
  private final OpenGate gate = new OpenGate();

  /** The queues that have held a request, in the order of their first ones. */
  private final List<FailingQueue> inUse = new ArrayList<>();

  private @Nullable FlowController controller;

  @AfterEach
  void holdsItsInvariantsAndEndsEmpty() {
    var ended = controller(FlowControlConfig.builder());
    ended.close();
    ended.checkInvariants();
    assertThat(ended.view().queuedRequests()).isZero();
  }

  @Test
  void evictsWhatAFailedQueueHeldAndServesTheOthers() {
    var config =
        FlowControlConfig.builder()
            .band(
                0,
                BandConfig.DEFAULT.withOrdering(
                    BandConfig.DEFAULT.ordering(), Plugin.of("brittle", FailingQueue::new)));
    var engine = controller(config);
    var brittle1 = offer(engine, "a", 0);
    var brittle2 = offer(engine, "a", 0);
    var sound = offer(engine, "b", 0);

    var queue = inUse.get(0);
    queue.fails = true;
    gate.open = true;
    engine.poolChanged(PoolSnapshot.of("e"));

    assertThat(brittle1).singleElement().satisfies(FaultIsolationTest::isEvictedAsOther);
    assertThat(brittle2).singleElement().satisfies(FaultIsolationTest::isEvictedAsOther);
    assertThat(sound).singleElement().isInstanceOf(Admission.Dispatched.class);
    assertThat(faults).contains("brittle");
    queue.fails = false;
    assertThat(offer(engine, "a", 0)).singleElement().isInstanceOf(Admission.Dispatched.class);
  }

  @Test
  void servesWhoeverWaitsLongestWhereTheFairnessPolicyFails() {
    var config =
        FlowControlConfig.builder()
            .defaultBand(
                BandConfig.DEFAULT.withFairness(Plugin.of("unfair", FailingFairness::new)));
    var engine = controller(config);
    var first = offer(engine, "a", 0);
    var second = offer(engine, "b", 0);

    gate.room = 1;
    engine.poolChanged(PoolSnapshot.of("e"));

    assertThat(first).singleElement().isInstanceOf(Admission.Dispatched.class);
    assertThat(second).isEmpty();
    assertThat(faults).contains("unfair");
  }

  @Test
  void servesTheHighestBandWhereTheBandPolicyFails() {
    var config = FlowControlConfig.builder().bandPolicy(Plugin.of("bandless", FailingBands::new));
    var engine = controller(config);
    var low = offer(engine, "a", 0);
    var high = offer(engine, "b", 5);

    gate.room = 1;
    engine.poolChanged(PoolSnapshot.of("e"));

    assertThat(high).singleElement().isInstanceOf(Admission.Dispatched.class);
    assertThat(low).isEmpty();
    assertThat(faults).contains("bandless");
  }

  @Test
  void keepsTheGateClosedWhileTheDetectorFails() {
    var engine = controller(FlowControlConfig.builder());
    gate.open = true;
    gate.fails = true;
    var waiting = offer(engine, "a", 0);

    assertThat(waiting).isEmpty();
    assertThat(faults).contains("gate");

    gate.fails = false;
    engine.poolChanged(PoolSnapshot.of("e"));
    assertThat(waiting).singleElement().isInstanceOf(Admission.Dispatched.class);
  }

  @Test
  void keepsTheGateClosedAtASaturationThatIsNoNumber() {
    var engine = controller(FlowControlConfig.builder());
    gate.saturation = Double.NaN;
    gate.open = true;

    assertThat(offer(engine, "a", 0)).isEmpty();
  }

  @Test
  void displacesTheLastToArriveWhereTheDisplacementPolicyFails() {
    var config =
        FlowControlConfig.builder()
            .maxRequests(2)
            .flowDisplacement(Plugin.of("merciful", FailingDisplacement::new));
    var engine = controller(config);
    var older = offer(engine, "a", -1);
    var newer = offer(engine, "b", -1);

    var high = offer(engine, "c", 1);

    assertThat(high).isEmpty();
    assertThat(older).isEmpty();
    assertThat(newer)
        .singleElement()
        .isInstanceOfSatisfying(
            Admission.Evicted.class,
            evicted -> assertThat(evicted.reason()).isEqualTo(EvictReason.DISPLACED));
    assertThat(faults).contains("merciful");
  }

  @Test
  void chargesTheLeastWhereTheCostModelFails() {
    var config = FlowControlConfig.builder().costModel(Plugin.of("priceless", FailingCosts::new));
    var engine = controller(config);
    gate.open = true;

    var served = offer(engine, "a", 0);

    assertThat(served).singleElement().isInstanceOf(Admission.Dispatched.class);
    assertThat(engine.view().bands().get(0).flows().get(0).dispatchedCost()).isOne();
    assertThat(faults).contains("priceless");
  }

  @Test
  void servesCallersWhereAnObserverFails() {
    var engine =
        FlowController.builder(FlowControlConfig.builder().detector(detector()).build())
            .timeSource(clock)
            .observer(
                new EngineObserver() {
                  @Override
                  public void queued(long sequence, long nowNanos, FlowControlRequest request) {
                    throw new IllegalStateException("blind");
                  }
                })
            .build();
    controller = engine;

    var waiting = offer(engine, "a", 0);
    gate.open = true;
    engine.poolChanged(PoolSnapshot.of("e"));

    assertThat(waiting).singleElement().isInstanceOf(Admission.Dispatched.class);
  }

  private static void isEvictedAsOther(Admission admission) {
    assertThat(admission)
        .isInstanceOfSatisfying(
            Admission.Evicted.class,
            evicted -> assertThat(evicted.reason()).isEqualTo(EvictReason.OTHER));
  }

  private FlowController controller(FlowControlConfig.Builder config) {
    var present = controller;
    if (present == null) {
      present =
          FlowController.builder(config.detector(detector()).build())
              .timeSource(clock)
              .observer(
                  new EngineObserver() {
                    @Override
                    public void fault(
                        long sequence, long nowNanos, String plugin, Throwable cause) {
                      faults.add(plugin);
                    }
                  })
              .build();
      controller = present;
      present.poolChanged(PoolSnapshot.of("e"));
    }
    return present;
  }

  private Plugin<SaturationDetector> detector() {
    return Plugin.of("gate", () -> () -> gate);
  }

  private static List<Admission> offer(FlowController engine, String flow, int priority) {
    var outcomes = new ArrayList<Admission>();
    engine.enqueue(
        FlowControlRequest.builder(flow, new FlowKey(flow, priority)).build(), outcomes::add);
    return outcomes;
  }

  /** Closed, open for {@code room} requests, or open. */
  private static final class OpenGate implements CapacityGate {
    boolean open;
    boolean fails;
    int room;
    double saturation;

    @Override
    public void poolChanged(PoolSnapshot snapshot, long nowNanos) {}

    @Override
    public void classAdded(EligibilityClass added) {}

    @Override
    public void classRetired(EligibilityClass retired) {}

    @Override
    public double saturation(EligibilityClass needs, long nowNanos) {
      if (fails) {
        throw new IllegalStateException("gate");
      }
      return open || room > 0 ? saturation : 1.0;
    }

    @Override
    public void granted(RunningRequest request) {
      room--;
    }

    @Override
    public void bound(RunningRequest request, String previousEndpointId) {}

    @Override
    public void returned(RunningRequest request) {}
  }

  /** Fails on demand. */
  private final class FailingQueue implements SafeQueue {
    private final SafeQueue sound = new ListQueue();
    private boolean fails;

    @Override
    public Set<QueueCapability> capabilities() {
      return sound.capabilities();
    }

    @Override
    public void add(QueueItem item) {
      check();
      if (!inUse.contains(this)) {
        inUse.add(this);
      }
      sound.add(item);
    }

    @Override
    public boolean remove(QueueItem item) {
      check();
      return sound.remove(item);
    }

    @Override
    public @Nullable QueueItem head() {
      check();
      return sound.head();
    }

    @Override
    public @Nullable QueueItem tail() {
      check();
      return sound.tail();
    }

    @Override
    public @Nullable QueueItem oldest() {
      check();
      return sound.oldest();
    }

    @Override
    public int size() {
      return sound.size();
    }

    private void check() {
      if (fails) {
        throw new IllegalStateException("queue");
      }
    }
  }

  private static final class FailingFairness implements InterFlowDispatchPolicy {
    @Override
    public void activated(FlowQueueView queue) {
      throw new IllegalStateException("activated");
    }

    @Override
    public void deactivated(FlowQueueView queue) {
      throw new IllegalStateException("deactivated");
    }

    @Override
    public @Nullable FlowQueueView next(EligibilityClass needs, long nowNanos) {
      throw new IllegalStateException("next");
    }

    @Override
    public boolean precedes(FlowQueueView a, FlowQueueView b, long nowNanos) {
      throw new IllegalStateException("precedes");
    }

    @Override
    public void dispatched(FlowQueueView queue, long cost) {
      throw new IllegalStateException("dispatched");
    }
  }

  private static final class FailingBands implements BandPolicy {
    @Override
    public void bandsChanged(List<? extends BandView> bands) {
      throw new IllegalStateException("bandsChanged");
    }

    @Override
    public int next(long candidates) {
      return 63;
    }
  }

  private static final class FailingDisplacement implements InterFlowDisplacementPolicy {
    @Override
    public void backlogChanged(FlowView flow) {
      throw new IllegalStateException("backlogChanged");
    }

    @Override
    public @Nullable FlowView victim() {
      return null;
    }
  }

  private static final class FailingCosts implements CostModel {
    @Override
    public long estimate(FlowControlRequest request, long inputTokens, long outputTokens) {
      throw new IllegalStateException("estimate");
    }

    @Override
    public long actual(Usage usage) {
      throw new IllegalStateException("actual");
    }
  }
}
