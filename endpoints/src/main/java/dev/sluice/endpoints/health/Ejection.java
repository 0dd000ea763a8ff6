package dev.sluice.endpoints.health;

import java.util.function.BooleanSupplier;
import java.util.function.DoubleSupplier;

/**
 * Whether one endpoint is taken out because requests fail there, although it passes its health
 * checks. An endpoint that fails at once has always the fewest requests, so without this it would
 * draw most of the traffic.
 *
 * <pre>
 *   from      event                                            to        says
 *   IN        a request failed: too many in a row, or too      OUT       failed
 *             large a part of them beside the peers' part
 *   OUT       the back-off is over                             PROBING   timePasses
 *   PROBING   a request failed                                 OUT       failed
 *   PROBING   an answer began well                             IN        began
 *   OUT, PROBING   its peers are gone                          IN        reinstate
 * </pre>
 *
 * <p>In all other cases the state stays. An endpoint goes out only if the pool can spare it. While
 * it is PROBING, the pool sends it one real request at a time. After that it is on trial: if the
 * next request fails before one was served whole, it goes out again. Each time in short succession
 * it stays out twice as long; the count begins anew when the endpoint was in for four times as long
 * as it had been out.
 *
 * <p>Requests that were sent before the endpoint went out say nothing of it afterwards. Answers
 * that tell of load, 429 and 503, are neither failures nor services.
 *
 * <p>Not thread-safe. O(1). Time goes in, so it can be tested without a clock.
 */
public final class Ejection {

  /** The states of an endpoint. */
  public enum State {
    /** It gets requests. */
    IN,
    /** It gets none until the back-off is over. */
    OUT,
    /** It gets one request at a time. */
    PROBING
  }

  private static final double JITTER = 0.2;

  private final DoubleSupplier random;
  private EjectionOptions options;
  private State state = State.IN;
  private int failuresInRow;
  private int timesInSuccession;
  private long times;
  private long failures;
  private long backOffNanos;

  /** The end of the back-off while OUT; the time of the return while IN. */
  private long changesNanos;

  private String reason = "";

  // Requests of this half of the window and of the one before.
  private boolean hasBegun;
  private long halfBeganNanos;
  private int served;
  private int failed;
  private int servedBefore;
  private int failedBefore;

  /**
   * An endpoint that is in.
   *
   * @param random gives numbers from 0 to 1, by which back-offs are varied
   */
  public Ejection(EjectionOptions options, DoubleSupplier random) {
    this.options = options;
    this.random = random;
  }

  /** Replaces the options. A back-off that runs stays as it is. */
  public void reconfigure(EjectionOptions next) {
    options = next;
  }

  /** The present state. */
  public State state() {
    return state;
  }

  /** How often the endpoint was taken out. */
  public long times() {
    return times;
  }

  /** How many requests failed. */
  public long failures() {
    return failures;
  }

  /** Why it was taken out last; empty if it never was. */
  public String reason() {
    return reason;
  }

  /** The back-off of the last time that it was taken out. */
  public long backOffNanos() {
    return backOffNanos;
  }

  /** An answer has begun well. Returns whether the state changed. */
  public boolean began(long nowNanos) {
    if (state != State.PROBING) {
      return false;
    }
    comeIn(nowNanos);
    failuresInRow = Math.max(0, options.consecutiveFailures() - 1); // on trial
    return true;
  }

  /** A request was served whole. */
  public void served(long nowNanos) {
    if (state != State.OUT) {
      turn(nowNanos);
      served++;
      failuresInRow = 0;
    }
  }

  /**
   * A request failed. Returns whether the state changed.
   *
   * @param isCertain whether the endpoint is at fault for certain. If not, the failure counts only
   *     where the endpoint is compared with its peers
   * @param canSpare whether the pool can do without the endpoint; asked only if it would go out
   * @param peersRate the part of the peers' requests that fails; NaN if they have too few
   */
  public boolean failed(
      long nowNanos, boolean isCertain, BooleanSupplier canSpare, DoubleSupplier peersRate) {
    failures++;
    if (state == State.OUT) {
      return false;
    }
    turn(nowNanos);
    failed++;
    failuresInRow += isCertain ? 1 : 0;
    var why = state == State.PROBING ? "the request that tried it failed" : reasonToGo(peersRate);
    if (why.isEmpty() || !canSpare.getAsBoolean()) {
      return false;
    }
    goOut(nowNanos, why);
    return true;
  }

  private String reasonToGo(DoubleSupplier peersRate) {
    var most = options.consecutiveFailures();
    if (most > 0 && failuresInRow >= most) {
      return failuresInRow + " requests failed in a row";
    }
    var rate = failureRate();
    if (options.errorRate() > 0 && rate >= options.errorRate()) {
      var peers = peersRate.getAsDouble();
      if (rate >= 2 * peers) {
        return Math.round(100 * rate)
            + " % of its requests fail, of its peers' "
            + Math.round(100 * peers)
            + " %";
      }
    }
    return "";
  }

  private void goOut(long nowNanos, String why) {
    var wasInFor = nowNanos - changesNanos;
    if (state == State.IN && timesInSuccession > 0 && wasInFor > 4 * backOffNanos) {
      timesInSuccession = 0;
    }
    var doubled = options.backOff().toNanos() * Math.pow(2, Math.min(62, timesInSuccession));
    var longest = Math.min(doubled, (double) options.maxBackOff().toNanos());
    backOffNanos = (long) (longest * (1 - JITTER + 2 * JITTER * random.getAsDouble()));
    timesInSuccession++;
    times++;
    reason = why;
    state = State.OUT;
    changesNanos = nowNanos + backOffNanos;
  }

  /** Time has passed. Returns whether the state changed. */
  public boolean timePasses(long nowNanos) {
    if (state != State.OUT || nowNanos - changesNanos < 0) {
      return false;
    }
    state = State.PROBING;
    return true;
  }

  /** Puts the endpoint in again because its peers are gone. Returns whether the state changed. */
  public boolean reinstate(long nowNanos) {
    if (state == State.IN) {
      return false;
    }
    comeIn(nowNanos);
    return true;
  }

  private void comeIn(long nowNanos) {
    state = State.IN;
    changesNanos = nowNanos;
    failuresInRow = 0;
    served = 0;
    failed = 0;
    servedBefore = 0;
    failedBefore = 0;
  }

  /** The part of the requests in the window that failed; NaN if there were too few. */
  double failureRate() {
    var all = requests();
    return all < options.minRequests() ? Double.NaN : failures(1.0) / all;
  }

  /** The requests in the window, as of the last report. */
  public int requests() {
    return served + failed + servedBefore + failedBefore;
  }

  /** The failed requests in the window, as of the last report, times {@code factor}. */
  public double failures(double factor) {
    return factor * (failed + failedBefore);
  }

  private void turn(long nowNanos) {
    var half = options.window().toNanos() / 2;
    var age = nowNanos - halfBeganNanos;
    if (hasBegun && age < half) {
      return;
    }
    var isNext = hasBegun && age < 2 * half;
    servedBefore = isNext ? served : 0;
    failedBefore = isNext ? failed : 0;
    served = 0;
    failed = 0;
    halfBeganNanos = nowNanos;
    hasBegun = true;
  }
}
