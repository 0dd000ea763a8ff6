package dev.sluice.flowcontrol.controller;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.sluice.flowcontrol.types.Admission;
import java.util.concurrent.CompletableFuture;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * A future that is cancelled while its request is dispatched has the permit, or the permit went
 * back. Results: permits that the future has, requests that run.
 */
@JCStressTest
@Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "cancelled, and no permit is out")
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "dispatched before the cancellation")
@Outcome(expect = FORBIDDEN, desc = "a permit is lost, or given twice")
@State
public class CancelStress {
  private final OnePlace one = new OnePlace();
  private final CompletableFuture<Admission> future = one.engine.enqueue(OnePlace.REQUEST);

  /** The future's caller gives up. */
  @Actor
  public void cancel() {
    future.cancel(false);
  }

  /** Frees the place for the future's request. */
  @Actor
  public void free() {
    one.free();
  }

  /** Counts permits. */
  @Arbiter
  public void count(II_Result result) {
    result.r1 = future.isCancelled() ? 0 : 1;
    result.r2 = one.running();
  }
}
