package dev.sluice.benchmarks;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One line of the table.
 *
 * @param bench the name of the bench
 * @param params the parameters of the run by name, in the order to show; values are numbers or text
 * @param perSecond operations per second; NaN if that means nothing
 * @param nsPerOp nanoseconds per operation; NaN if that means nothing
 * @param bytesPerOp bytes allocated, or held, per operation; NaN if not measured
 * @param more further figures such as percentiles, by name, in the order to show; the names contain
 *     the units
 */
record Result(
    String bench,
    Map<String, Object> params,
    double perSecond,
    double nsPerOp,
    double bytesPerOp,
    Map<String, Double> more) {

  Result {
    params = Collections.unmodifiableMap(new LinkedHashMap<>(params));
    more = Collections.unmodifiableMap(new LinkedHashMap<>(more));
  }

  /** A line without further figures. */
  Result(
      String bench,
      Map<String, Object> params,
      double perSecond,
      double nsPerOp,
      double bytesPerOp) {
    this(bench, params, perSecond, nsPerOp, bytesPerOp, Map.of());
  }
}
