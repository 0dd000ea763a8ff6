package dev.sluice.endpoints;

import java.net.URI;
import java.util.Set;

/**
 * One model server of the pool, as configured. Immutable.
 *
 * @param id the name, unique in the pool, not blank
 * @param url scheme {@code http} or {@code https}, host, port if not the scheme's, and optionally a
 *     path that goes before the path of every request
 * @param models the models that it serves; if empty, they are read from {@code /v1/models}
 * @param adapters the LoRA adapters that it can serve; if empty, they are read from {@code
 *     /v1/models}
 * @param capacityWeight the size relative to other endpoints, above 0
 * @param maxRequests the most requests of this process that run on it at once; 0 means no limit
 */
public record EndpointConfig(
    String id,
    URI url,
    Set<String> models,
    Set<String> adapters,
    double capacityWeight,
    int maxRequests) {

  /** Copies the sets. Rejects a blank id, a URL that names no HTTP server, and bad numbers. */
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

  /** An endpoint of weight 1 without a limit, whose models are read from the endpoint. */
  public static EndpointConfig of(String id, URI url) {
    return new EndpointConfig(id, url, Set.of(), Set.of(), 1.0, 0);
  }

  /** The port of the URL; if the URL has none, the port of the scheme. */
  public int port() {
    return url.getPort() >= 0 ? url.getPort() : isTls() ? 443 : 80;
  }

  /** Whether the URL's scheme is {@code https}. */
  public boolean isTls() {
    return "https".equals(url.getScheme());
  }

  /** The host without the brackets of an IPv6 address. */
  public String host() {
    var host = url.getHost();
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  /** The URL's own path followed by {@code path}, which begins with a slash. */
  public String target(String path) {
    var prefix = url.getRawPath() == null ? "" : url.getRawPath();
    return (prefix.endsWith("/") ? prefix.substring(0, prefix.length() - 1) : prefix) + path;
  }
}
