package dev.sluice.simulation.run;

import java.util.List;
import java.util.Map;

/**
 * The course of a simulation, in buckets of equal length. NaN if a bucket has no value. Immutable.
 *
 * @param bucketSeconds the length of a bucket
 * @param waitP50 by band: the median wait of the requests dispatched in the bucket, in milliseconds
 * @param waitP99 by band, as {@code waitP50}
 * @param queued by band: requests in the queue at the end of the bucket
 * @param share by tenant: the tenant's part of the cost dispatched in the bucket
 * @param saturation the last saturation of the pool in the bucket, as the engine knew it
 */
public record Series(
    double bucketSeconds,
    Map<Integer, List<Double>> waitP50,
    Map<Integer, List<Double>> waitP99,
    Map<Integer, List<Double>> queued,
    Map<String, List<Double>> share,
    List<Double> saturation) {}
