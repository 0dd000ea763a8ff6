package dev.sluice.flowcontrol.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.contracts.RegistryView;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.QueueCapability;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.framework.SafeQueue;
import dev.sluice.flowcontrol.plugins.queues.ListQueue;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.Comparator;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A view of many flows shows them all, and no decision waits for more than a part of it. */
@Timeout(60)
final class ViewTest {
  private static final int FLOWS = 3_000;

  private final HeldEngine gate = new HeldEngine();
  private final AtomicInteger headsRead = new AtomicInteger();
  private final AtomicReference<@Nullable Runnable> atFirstHead = new AtomicReference<>();
  private final FlowController engine =
      FlowController.builder(
              FlowControlConfig.builder()
                  .detector(gate.detector())
                  .defaultBand(
                      BandConfig.DEFAULT
                          .withLimits(FLOWS, 1_000_000_000)
                          .withOrdering(
                              BandConfig.DEFAULT.ordering(),
                              Plugin.<SafeQueue>of("counting", Counting::new)))
                  .build())
          .timeSource(new FakeClock())
          .build();

  ViewTest() {
    engine.poolChanged(PoolSnapshot.of("e"));
    gate.room = 0;
    for (var i = 0; i < FLOWS; i++) {
      engine.enqueue(
          FlowControlRequest.builder("r", new FlowKey("f" + i, i % 3)).sizeBytes(1).build(),
          outcome -> {});
    }
  }

  @Test
  void showsAllFlowsInOrder() {
    var view = engine.view();

    assertThat(view.queuedRequests()).isEqualTo(FLOWS);
    assertThat(view.bands()).hasSize(3);
    for (var band : view.bands()) {
      assertThat(band.queuedRequests()).isEqualTo(FLOWS / 3);
      assertThat(band.flows())
          .hasSize(FLOWS / 3)
          .isSortedAccordingTo(Comparator.comparing(RegistryView.Flow::key))
          .allMatch(flow -> flow.key().priority() == band.priority())
          .allMatch(flow -> flow.queuedRequests() == 1 && flow.queuedBytes() == 1);
    }
    engine.close();
  }

  @Test
  void letsOthersDecideInBetween() throws InterruptedException {
    var readWhenDecided = new AtomicInteger();
    gate.onPool = snapshot -> readWhenDecided.set(headsRead.get());
    var other = new Thread(() -> engine.poolChanged(PoolSnapshot.of("e")));
    headsRead.set(0);
    atFirstHead.set(() -> {
      other.start();
      HeldEngine.awaitWaiting(other); // for the lock
    });

    engine.view();
    other.join();

    assertThat(readWhenDecided.get()).isBetween(1, 600);
    engine.close();
  }

  private final class Counting implements SafeQueue {
    private final SafeQueue list = new ListQueue();

    @Override
    public @Nullable QueueItem head() {
      var action = atFirstHead.getAndSet(null);
      headsRead.incrementAndGet();
      if (action != null) {
        action.run();
      }
      return list.head();
    }

    @Override
    public Set<QueueCapability> capabilities() {
      return list.capabilities();
    }

    @Override
    public void add(QueueItem item) {
      list.add(item);
    }

    @Override
    public boolean remove(QueueItem item) {
      return list.remove(item);
    }

    @Override
    public @Nullable QueueItem tail() {
      return list.tail();
    }

    @Override
    public @Nullable QueueItem oldest() {
      return list.oldest();
    }

    @Override
    public int size() {
      return list.size();
    }
  }
}
