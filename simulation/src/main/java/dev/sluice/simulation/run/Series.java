package dev.sluice.simulation.run;

import java.util.List;
import java.util.Map;

/**
 * How a simulation went over time, in buckets of equal length. NaN where a bucket has nothing.
 * Immutable.
 *
 * @param bucketSeconds the length of a bucket
 * @param waitP50 by band: the median wait of those dispatched in the bucket, in milliseconds
 * @param waitP99 by band, as {@code waitP50}
 * @param queued by band: requests in the queue at the end of the bucket
 * @param share by tenant: its part of the cost dispatched in the bucket
 * @param saturation of the pool as the engine knew it last in the bucket
 */
public record Series(
    double bucketSeconds,
    Map<Integer, List<Double>> waitP50,
    Map<Integer, List<Double>> waitP99,
    Map<Integer, List<Double>> queued,
    Map<String, List<Double>> share,
    List<Double> saturation) {}
