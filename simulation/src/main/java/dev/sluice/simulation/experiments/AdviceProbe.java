package dev.sluice.simulation.experiments;

import dev.sluice.simulation.run.Watch;
import dev.sluice.simulation.workload.Arrival;
import dev.sluice.simulation.workload.Workload;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A flow whose queue is kept full by callers in a closed loop, and a probe every few seconds that
 * is refused. What a probe is told is held against the time in which as many requests as were
 * queued, and one more, were dispatched.
 */
final class AdviceProbe implements Workload, Watch {
  static final String TENANT = "t";

  private static final long LEAST = Runs.SECOND;
  private static final long MOST = 300 * Runs.SECOND;
  private static final long FIRST_PROBE = 60 * Runs.SECOND;

  /** Not a round number, so that no probe meets the end of a request. */
  private static final long PROBE_PERIOD = 7_012_345_679L;

  private record Told(long atNanos, long nanos, int dispatchedWhenTrue) {}

  private final LongUnaryOperator outputTokens;
  private final ArrayDeque<Arrival> first = new ArrayDeque<>();
  private final List<Long> dispatches = new ArrayList<>();
  private final List<Told> told = new ArrayList<>();
  private int queued;
  private long nextProbe = FIRST_PROBE;

  /**
   * So many callers: as many as the pool's slots and the places in the queue.
   *
   * @param outputTokens the length of an answer by the time at which it is asked for
   */
  AdviceProbe(int callers, LongUnaryOperator outputTokens) {
    this.outputTokens = outputTokens;
    for (var i = 0; i < callers; i++) {
      first.add(request(0));
    }
  }

  @Override
  public @Nullable Arrival next() {
    if (!first.isEmpty()) {
      return first.remove();
    }
    var probe = request(nextProbe);
    nextProbe += PROBE_PERIOD;
    return probe;
  }

  @Override
  public List<Arrival> completed(Arrival arrival, long atNanos) {
    return List.of(request(atNanos));
  }

  @Override
  public List<Arrival> refused(Arrival arrival, long atNanos, long retryAfterNanos) {
    told.add(new Told(atNanos, retryAfterNanos, dispatches.size() + queued + 1));
    return List.of();
  }

  @Override
  public void arrived(Arrival arrival, long nowNanos) {
    queued++;
  }

  @Override
  public void dispatched(Arrival arrival, long nowNanos, long waitedNanos) {
    queued--;
    dispatches.add(nowNanos);
  }

  @Override
  public void refused(Arrival arrival, long nowNanos, String reason) {
    queued--;
  }

  /** For each probe whose truth is known, how many times too long or too short it was told. */
  List<Double> errors() {
    var errors = new ArrayList<Double>();
    for (var one : told) {
      if (one.dispatchedWhenTrue <= dispatches.size()) {
        var truth = dispatches.get(one.dispatchedWhenTrue - 1) - one.atNanos;
        var ratio = one.nanos / (double) Math.clamp(truth, LEAST, MOST);
        errors.add(Math.max(ratio, 1 / ratio));
      }
    }
    return errors;
  }

  private Arrival request(long atNanos) {
    return new Arrival(
        atNanos,
        TENANT,
        TENANT,
        0,
        "",
        "",
        80,
        0,
        outputTokens.applyAsLong(atNanos),
        -1,
        -1,
        -1,
        0,
        List.of());
  }
}
