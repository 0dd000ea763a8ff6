package dev.sluice.endpoints;

import java.util.List;

/**
 * One endpoint as operators see it. Immutable.
 *
 * @param id the endpoint's name
 * @param url its address
 * @param health its state by health checks, such as {@code HEALTHY}
 * @param ejection its state by failed requests: {@code IN}, {@code OUT} or {@code PROBING}
 * @param ejectionReason why it was taken out last; empty if it never was
 * @param ejections how often it was taken out
 * @param failedRequests requests that failed there
 * @param runningRequests requests of this process that are there now
 * @param maxRequests the most that may be there now; 0 means no limit
 * @param models the models that it is known to serve
 * @param modelsTrouble why its model list is not known; empty if it is, or is not read
 * @param metricsTrouble why its metrics can't be used; empty if they can, or are not read
 * @param waitingInServer requests in its own queue by the last sample
 * @param runningInServer requests in its batch by the last sample
 * @param kvUtilization the used part of its KV cache by the last sample
 * @param sampleAgeMillis the age of the last sample; -1 if there was none
 */
public record EndpointView(
    String id,
    String url,
    String health,
    String ejection,
    String ejectionReason,
    long ejections,
    long failedRequests,
    int runningRequests,
    int maxRequests,
    List<String> models,
    String modelsTrouble,
    String metricsTrouble,
    int waitingInServer,
    int runningInServer,
    double kvUtilization,
    long sampleAgeMillis) {}
