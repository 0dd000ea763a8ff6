package dev.sluice.simulation.run;

import dev.sluice.simulation.workload.Arrival;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;

/** The counters of one group of requests. */
final class Tally {
  static final double MICROS = 1e3;
  private static final double MICROS_PER_MILLI = 1e3;
  private static final double OUTPUT_WEIGHT = 2;

  private final Histogram wait = new Histogram(2);
  private final Histogram firstToken = new Histogram(2);
  private final TreeMap<String, Long> refused = new TreeMap<>();
  private long offered;
  private long dispatched;
  private long completed;
  private long mostWaitMicros;
  private long inputTokens;
  private long outputTokens;
  private double cost;
  private long sloOffered;
  private long sloMet;

  void offered(Arrival arrival) {
    offered++;
    if (arrival.sloNanos() >= 0) {
      sloOffered++;
    }
  }

  void dispatched(Arrival arrival, long waitedNanos) {
    dispatched++;
    cost += cost(arrival);
    var micros = (long) (waitedNanos / MICROS);
    wait.recordValue(micros);
    mostWaitMicros = Math.max(mostWaitMicros, micros);
  }

  void firstToken(Arrival arrival, long nanos) {
    firstToken.recordValue((long) (nanos / MICROS));
    if (arrival.sloNanos() >= 0 && nanos <= arrival.sloNanos()) {
      sloMet++;
    }
  }

  void completed(Arrival arrival) {
    completed++;
    inputTokens += arrival.inputTokens();
    outputTokens += arrival.outputTokens();
  }

  void refused(String reason) {
    refused.merge(reason, 1L, Long::sum);
  }

  double cost() {
    return cost;
  }

  /** The true cost of a request, in weighted tokens. */
  static double cost(Arrival arrival) {
    return arrival.inputTokens() + OUTPUT_WEIGHT * arrival.outputTokens();
  }

  GroupResult result(double costOfAll) {
    return new GroupResult(
        offered,
        dispatched,
        completed,
        refused,
        millis(wait, 50),
        millis(wait, 99),
        dispatched == 0 ? Double.NaN : mostWaitMicros / MICROS_PER_MILLI,
        millis(firstToken, 50),
        millis(firstToken, 99),
        inputTokens,
        outputTokens,
        cost,
        costOfAll == 0 ? 0 : cost / costOfAll,
        sloOffered,
        sloMet);
  }

  static double millis(Histogram micros, double percentile) {
    return micros.getTotalCount() == 0
        ? Double.NaN
        : micros.getValueAtPercentile(percentile) / MICROS_PER_MILLI;
  }
}
