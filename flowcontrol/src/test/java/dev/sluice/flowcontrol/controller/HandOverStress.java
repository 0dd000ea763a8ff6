package dev.sluice.flowcontrol.controller;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.sluice.flowcontrol.types.Admission;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * A thread that waits for its outcome is woken, whenever the outcome is decided. A wake-up that is
 * lost hangs this test, and {@link StressTest} ends it. Results: permits that the waiter has,
 * requests that run.
 */
@JCStressTest
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "the waiter has the permit")
@Outcome(expect = FORBIDDEN, desc = "the waiter returned without its permit")
@State
public class HandOverStress {
  private final OnePlace one = new OnePlace();

  /** A thread that waits for the place. */
  @Actor
  public void waiter(II_Result result) {
    try {
      var outcome = one.engine.enqueueAndWait(OnePlace.REQUEST);
      result.r1 = outcome instanceof Admission.Dispatched ? 1 : 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A caller that has been served. */
  @Actor
  public void free() {
    one.free();
  }

  /** Counts permits. */
  @Arbiter
  public void count(II_Result result) {
    result.r2 = one.running();
  }
}
