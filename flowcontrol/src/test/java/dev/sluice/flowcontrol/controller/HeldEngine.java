package dev.sluice.flowcontrol.controller;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.contracts.CapacityGate;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.contracts.RunningRequest;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.testing.Threads;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A gate with so much room, and a way to hold the core's lock: a thread of its own changes the pool
 * and stays inside that operation until it is released. So what happens while the lock is taken
 * needs no luck.
 */
final class HeldEngine implements CapacityGate {
  static final String HOLD = "hold";

  final List<EligibilityClass> added = new ArrayList<>();
  final List<EligibilityClass> retired = new ArrayList<>();

  /** Saturation of every class while fewer requests run than there is room for. */
  volatile double saturation;

  volatile int room = Integer.MAX_VALUE;

  /** Called under the lock when the pool changes. */
  volatile Consumer<PoolSnapshot> onPool = snapshot -> {};

  private volatile int running;
  private @Nullable Thread holder;
  private CountDownLatch inside = new CountDownLatch(0);
  private CountDownLatch mayGo = new CountDownLatch(0);

  Plugin<SaturationDetector> detector() {
    return Plugin.of("held", () -> () -> this);
  }

  /** Returns when another thread holds the lock. */
  void hold(Runnable changePool) throws InterruptedException {
    inside = new CountDownLatch(1);
    mayGo = new CountDownLatch(1);
    holder = Threads.start(changePool);
    assertThat(inside.await(30, SECONDS)).isTrue();
  }

  void hold(FlowController engine) throws InterruptedException {
    hold(() -> engine.poolChanged(PoolSnapshot.of(HOLD)));
  }

  /** Lets the holder go on. */
  void letGo() {
    mayGo.countDown();
  }

  /** Lets the holder go on, and waits until it has done all that it does. */
  void release() throws InterruptedException {
    letGo();
    var thread = holder;
    if (thread != null) {
      thread.join(30_000);
      assertThat(thread.isAlive()).isFalse();
    }
  }

  /** Returns when a thread waits for something: in these tests, for the lock. */
  static void awaitWaiting(Thread thread) {
    var deadline = System.nanoTime() + 30_000_000_000L;
    while (thread.getState() != Thread.State.WAITING) {
      assertThat(System.nanoTime() - deadline).as("waits").isNegative();
      Thread.onSpinWait();
    }
  }

  @Override
  public void poolChanged(PoolSnapshot snapshot, long nowNanos) {
    onPool.accept(snapshot);
    if (!snapshot.endpoints().isEmpty() && snapshot.endpoints().get(0).id().equals(HOLD)) {
      inside.countDown();
      try {
        assertThat(mayGo.await(30, SECONDS)).isTrue();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void classAdded(EligibilityClass addedClass) {
    added.add(addedClass);
  }

  @Override
  public void classRetired(EligibilityClass retiredClass) {
    retired.add(retiredClass);
  }

  @Override
  public double saturation(EligibilityClass needs, long nowNanos) {
    return running < room ? saturation : 1.0;
  }

  @Override
  @SuppressWarnings("NonAtomicVolatileUpdate") // under the core's lock
  public void granted(RunningRequest request) {
    running++;
  }

  @Override
  public void bound(RunningRequest request, String previousEndpointId) {}

  @Override
  @SuppressWarnings("NonAtomicVolatileUpdate") // under the core's lock
  public void returned(RunningRequest request) {
    running--;
  }
}
