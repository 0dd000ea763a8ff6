package dev.sluice.endpoints.discovery;

import dev.sluice.endpoints.metrics.EngineFlavour;
import java.net.URI;
import java.util.Set;

/**
 * One model server of the pool, as configured. Immutable.
 *
 * @param id its name, unique in the pool, not blank
 * @param url scheme {@code http} or {@code https}, host, port if not the scheme's, and perhaps a
 *     path before all its paths
 * @param models the models that it serves; empty means that its {@code /v1/models} says so
 * @param adapters the LoRA adapters that it can serve; empty means that its {@code /v1/models} says
 *     so
 * @param capacityWeight its size relative to other endpoints, above 0
 * @param maxRequests the most requests of ours that run on it at once; 0 means no limit
 * @param flavour whose metric names it uses
 */
public record EndpointConfig(
    String id,
    URI url,
    Set<String> models,
    Set<String> adapters,
    double capacityWeight,
    int maxRequests,
    EngineFlavour flavour) {

  /**
   * Copies the sets; rejects a blank id, a URL that is not http(s) with a host, and bad numbers.
   */
  public EndpointConfig {
    if (id.isBlank()) {
      throw new IllegalArgumentException("endpoint id is blank");
    }
    var scheme = url.getScheme();
    if (!"http".equals(scheme) && !"https".equals(scheme)) {
      throw new IllegalArgumentException(
          "endpoint "
              + id
              + ": url: got "
              + url
              + ", allowed http://host:port or https://host:port");
    }
    if (url.getHost() == null || url.getRawQuery() != null || url.getRawFragment() != null) {
      throw new IllegalArgumentException(
          "endpoint " + id + ": url: got " + url + ", allowed a host, no query and no fragment");
    }
    if (!(capacityWeight > 0 && capacityWeight < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "endpoint " + id + ": capacityWeight: got " + capacityWeight + ", allowed > 0");
    }
    if (maxRequests < 0) {
      throw new IllegalArgumentException(
          "endpoint " + id + ": maxRequests: got " + maxRequests + ", allowed >= 0");
    }
    models = Set.copyOf(models);
    adapters = Set.copyOf(adapters);
  }

  /** An endpoint of weight 1 without a limit, whose models and engine are found out. */
  public static EndpointConfig of(String id, URI url) {
    return new EndpointConfig(id, url, Set.of(), Set.of(), 1.0, 0, EngineFlavour.DETECT);
  }

  /** Its port, the scheme's where the URL names none. */
  public int port() {
    return url.getPort() >= 0 ? url.getPort() : isTls() ? 443 : 80;
  }

  /** Whether it is called through TLS. */
  public boolean isTls() {
    return "https".equals(url.getScheme());
  }

  /** The host without the brackets of an IPv6 address. */
  public String host() {
    var host = url.getHost();
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  /** The request target of {@code path}, which begins with a slash, behind the URL's own path. */
  public String target(String path) {
    var prefix = url.getRawPath() == null ? "" : url.getRawPath();
    return (prefix.endsWith("/") ? prefix.substring(0, prefix.length() - 1) : prefix) + path;
  }
}
