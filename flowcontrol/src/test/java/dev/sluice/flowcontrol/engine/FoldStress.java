package dev.sluice.flowcontrol.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Usage;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * A report that comes while the core takes the one before it folds into that one, or follows it.
 * Results: the report that the core took, operations on the way in all, the last report.
 */
@JCStressTest
@Outcome(id = "2, 1, 2", expect = ACCEPTABLE, desc = "the second folds into the first")
@Outcome(id = "1, 2, 2", expect = ACCEPTABLE, desc = "the second follows the first")
@Outcome(expect = FORBIDDEN, desc = "a report is forgotten, or told twice")
@State
public class FoldStress implements PendingRequest.Shell {
  private static final FlowControlRequest REQUEST =
      FlowControlRequest.builder("r", new FlowKey("t", 0)).build();
  private static final Usage FIRST = Usage.of(0, 1);
  private static final Usage SECOND = Usage.of(0, 2);

  private final PendingRequest request;
  private final Operation.Progress first;
  private int submitted;

  /** A request whose first report is on the way. */
  public FoldStress() {
    request = PendingRequest.of(this, REQUEST, (Admission outcome) -> {});
    request.progress(FIRST);
    first = new Operation.Progress(request, FIRST);
  }

  /** The holder of the permit. */
  @Actor
  public void report() {
    request.progress(SECOND);
  }

  /** The core. */
  @Actor
  public void take(III_Result result) {
    result.r1 = (int) request.latest(first, 0).outputTokens();
  }

  /** Counts. */
  @Arbiter
  public void count(III_Result result) {
    result.r2 = submitted;
    var last = request.reported(0);
    result.r3 = last == null ? 0 : (int) last.usage().outputTokens();
  }

  @Override
  public void submit(PendingRequest ofRequest, Operation operation) {
    submitted++;
  }

  @Override
  public boolean cancel(PendingRequest ofRequest) {
    return false;
  }

  @Override
  public void complete(PendingRequest ofRequest, @Nullable Usage usage) {}
}
