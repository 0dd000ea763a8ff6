package dev.sluice.endpoints;

import java.util.List;

/**
 * One endpoint as operators see it. Immutable.
 *
 * @param id the endpoint's name
 * @param url the address of the endpoint
 * @param health the state by health checks, such as {@code HEALTHY}
 * @param ejection the state by failed requests: {@code IN}, {@code OUT} or {@code PROBING}
 * @param ejectionReason the reason of the last ejection; empty if there was none
 * @param ejections the number of ejections
 * @param failedRequests the requests that failed on the endpoint
 * @param runningRequests the requests of this process that run on the endpoint
 * @param maxRequests the most requests that may run on the endpoint now; 0 means no limit
 * @param models the models that the endpoint is known to serve
 * @param modelsTrouble why the model list could not be read; empty if there was no trouble
 * @param metricsTrouble why the metrics can't be used; empty if there was no trouble
 * @param waitingInServer the requests in the server's own queue by the last sample
 * @param runningInServer the requests in the server's batch by the last sample
 * @param kvUtilization the used part of the server's KV cache by the last sample
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
