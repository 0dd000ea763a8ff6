package dev.sluice.flowcontrol.controller;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.sluice.flowcontrol.types.Usage;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.Z_Result;

/**
 * Reports of one request fold while another thread takes them, and the last of them is charged.
 * Result: whether the charge is that of the last report.
 */
@JCStressTest
@Outcome(id = "true", expect = ACCEPTABLE, desc = "the last report is charged")
@Outcome(expect = FORBIDDEN, desc = "the last report is forgotten")
@State
public class ProgressStress {
  private static final Usage[] REPORTS = {
    Usage.of(0, 100_000), Usage.of(0, 200_000), Usage.of(0, 300_000)
  };

  private static final long CHARGE = chargeOfTheLast();

  private final OnePlace one = new OnePlace();

  private static long chargeOfTheLast() {
    var alone = new OnePlace();
    alone.held.progress(REPORTS[REPORTS.length - 1]);
    return alone.charged();
  }

  /** The holder of the permit. */
  @Actor
  public void report() {
    for (var soFar : REPORTS) {
      one.held.progress(soFar);
    }
  }

  /** Has the lock now and then, and takes the reports that it finds published. */
  @Actor
  public void decide() {
    for (var i = 0; i < REPORTS.length; i++) {
      one.engine.poolChanged(OnePlace.POOL);
    }
  }

  /** Reads the charge. */
  @Arbiter
  public void charge(Z_Result result) {
    result.r1 = one.charged() == CHARGE;
  }
}
