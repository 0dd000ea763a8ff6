package dev.sluice.flowcontrol.controller;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * Of two operations at a time one may be left to the holder of the lock, which looks into the
 * intake after unlocking. When both callers are back, both operations are applied: the request
 * runs, and its receiver has been told. Results: outcomes received, requests that run.
 */
@JCStressTest
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "the request has the place")
@Outcome(expect = FORBIDDEN, desc = "an operation is forgotten")
@State
public class OfferStress {
  private final OnePlace one = new OnePlace();
  private volatile @Nullable Object outcome;

  /** A caller with a request. */
  @Actor
  public void offer() {
    one.engine.enqueue(OnePlace.REQUEST, decided -> outcome = decided);
  }

  /** A caller that has been served. */
  @Actor
  public void free() {
    one.free();
  }

  /** Counts before anything else can help. */
  @Arbiter
  public void count(II_Result result) {
    result.r1 = outcome == null ? 0 : 1;
    result.r2 = one.running();
  }
}
