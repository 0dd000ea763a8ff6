package dev.sluice.flowcontrol.controller;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.sluice.flowcontrol.engine.Operation;
import dev.sluice.flowcontrol.engine.PendingRequest;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.Usage;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * What is published while the holder of the lock empties the intake is taken, or found later.
 * Results: operations that the holder took, operations found afterwards.
 */
@JCStressTest
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "published after the holder's last look")
@Outcome(id = "2, 0", expect = ACCEPTABLE, desc = "published before it")
@Outcome(expect = FORBIDDEN, desc = "an operation is forgotten, or applied twice")
@State
public class IntakeStress {
  private static final PendingRequest REQUEST =
      PendingRequest.of(new NoShell(), OnePlace.REQUEST, (Admission outcome) -> {});

  private final Intake intake = new Intake(1);

  /** An intake with one operation, so that the holder has to find out that nothing is left. */
  public IntakeStress() {
    intake.publish(REQUEST, Operation.Tick.INSTANCE, 1);
  }

  /** Finds the lock taken. */
  @Actor
  public void publisher() {
    intake.publish(REQUEST, Operation.Tick.INSTANCE, 2);
  }

  /** Has the lock, and applies what it finds. */
  @Actor
  public void holder(II_Result result) {
    result.r1 = takeAll();
  }

  /** Has the lock next. */
  @Arbiter
  public void nextHolder(II_Result result) {
    result.r2 = intake.isEmpty() ? 0 : takeAll();
  }

  private int takeAll() {
    var taken = 0;
    while (intake.poll() != null) {
      taken++;
    }
    return taken;
  }

  private static final class NoShell implements PendingRequest.Shell {
    @Override
    public boolean cancel(PendingRequest request) {
      return false;
    }

    @Override
    public void submit(PendingRequest request, Operation operation) {}

    @Override
    public void complete(PendingRequest request, @Nullable Usage usage) {}
  }
}
