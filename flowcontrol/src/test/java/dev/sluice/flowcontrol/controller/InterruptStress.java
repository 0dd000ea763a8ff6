package dev.sluice.flowcontrol.controller;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.sluice.flowcontrol.types.Admission;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * A waiter that is interrupted while its request is dispatched has the permit, or the permit went
 * back. Results: permits that the waiter has, requests that run.
 */
@JCStressTest
@Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "interrupted, and the permit went back")
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "dispatched, and the interrupt was not seen")
@Outcome(expect = FORBIDDEN, desc = "a permit is lost, or given twice")
@State
public class InterruptStress {
  private final OnePlace one = new OnePlace();
  private volatile @Nullable Thread waiter;
  private volatile boolean interrupted;

  /** A thread that waits for the place. It leaves jcstress's thread uninterrupted. */
  @Actor
  public void waiter(II_Result result) {
    waiter = Thread.currentThread();
    try {
      var outcome = one.engine.enqueueAndWait(OnePlace.REQUEST);
      result.r1 = outcome instanceof Admission.Dispatched ? 1 : -1;
    } catch (InterruptedException e) {
      result.r1 = 0;
    }
    while (!interrupted) {
      Thread.onSpinWait();
    }
    Thread.interrupted();
  }

  /** Interrupts the waiter while it offers its request or waits, and frees the place for it. */
  @Actor
  public void interruptAndFree() {
    var thread = waiter;
    while (thread == null) {
      Thread.onSpinWait();
      thread = waiter;
    }
    thread.interrupt();
    one.free();
    interrupted = true;
  }

  /** Counts permits. */
  @Arbiter
  public void count(II_Result result) {
    result.r2 = one.running();
  }
}
