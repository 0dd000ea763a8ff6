package dev.sluice.server.config;

import dev.sluice.flowcontrol.reading.Checks;
import java.time.Duration;
import java.util.List;

/**
 * {@code pool}: the model servers.
 *
 * @param name the pool's name in metrics
 * @param endpoints the model servers; at least one
 * @param metricsPath path of the metrics; empty means that metrics are not read
 * @param metricsPeriod time between two reads
 * @param metricsTimeout the time after which a read is given up
 * @param healthPath path of the health check; empty means always healthy
 * @param healthPeriod time between two checks
 * @param healthTimeout the time after which a check has failed
 * @param failureThreshold failed checks in a row that make an endpoint unhealthy
 * @param successThreshold passed checks in a row that make an endpoint healthy again
 * @param modelsPath path of the model list; empty means that models are not learned
 * @param modelsPeriod time between two reads of the model list
 * @param ejection when endpoints where requests fail are taken out, and for how long
 */
public record PoolSection(
    String name,
    List<EndpointSection> endpoints,
    String metricsPath,
    Duration metricsPeriod,
    Duration metricsTimeout,
    String healthPath,
    Duration healthPeriod,
    Duration healthTimeout,
    int failureThreshold,
    int successThreshold,
    String modelsPath,
    Duration modelsPeriod,
    EjectionSection ejection) {

  /** The defaults; the file has to name the endpoints. */
  public static final PoolSection DEFAULT =
      new PoolSection(
          "default",
          List.of(EndpointSection.DEFAULT),
          "/metrics",
          Duration.ofMillis(50),
          Duration.ofSeconds(1),
          "/health",
          Duration.ofSeconds(1),
          Duration.ofSeconds(1),
          3,
          2,
          "/v1/models",
          Duration.ofSeconds(30),
          EjectionSection.DEFAULT);

  /** Rejects values outside their ranges, all at once. */
  public PoolSection {
    endpoints = List.copyOf(endpoints);
    new Checks()
        .that(!endpoints.isEmpty(), "endpoints", "none", "at least one")
        .that(isPath(metricsPath), "metricsPath", metricsPath, "a path that begins with /")
        .that(isPath(healthPath), "healthPath", healthPath, "a path that begins with /")
        .that(isPath(modelsPath), "modelsPath", modelsPath, "a path that begins with /")
        .that(metricsPeriod.toMillis() > 0, "metricsPeriod", metricsPeriod, ">= 1ms")
        .positive("metricsTimeout", metricsTimeout)
        .that(healthPeriod.toMillis() > 0, "healthPeriod", healthPeriod, ">= 1ms")
        .positive("healthTimeout", healthTimeout)
        .that(modelsPeriod.toMillis() > 0, "modelsPeriod", modelsPeriod, ">= 1ms")
        .positive("failureThreshold", failureThreshold)
        .positive("successThreshold", successThreshold)
        .done();
  }

  private static boolean isPath(String path) {
    return path.isEmpty() || path.startsWith("/");
  }
}
