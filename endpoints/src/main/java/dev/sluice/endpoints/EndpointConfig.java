package dev.sluice.endpoints;

import java.net.URI;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One model server of the pool, as configured. Immutable.
 *
 * @param id the name, unique in the pool, not blank
 * @param url scheme {@code http} or {@code https}, host, port if not the scheme's, and optionally a
 *     path that goes before the path of every request. A last path segment {@code v1} is left out,
 *     for the paths of requests begin with it
 * @param models the models that it serves; if empty, they are read from {@code /v1/models}
 * @param adapters the LoRA adapters that it can serve; if empty, they are read from {@code
 *     /v1/models}
 * @param capacityWeight the size relative to other endpoints, above 0
 * @param maxRequests the most requests of this process that run on it at once; 0 means no limit
 * @param labels what filters and scorers may ask for, such as {@code llm-d.ai/role: decode}
 */
public record EndpointConfig(
    String id,
    URI url,
    Set<String> models,
    Set<String> adapters,
    double capacityWeight,
    int maxRequests,
    Map<String, String> labels) {
  /** A name, an IPv4 address, or an IPv6 address in brackets; then perhaps a port. */
  private static final Pattern AUTHORITY =
      Pattern.compile("(\\[[0-9a-fA-F:.]+(?:%(?:25)?[\\w.~-]+)?]|[^\\[\\]:@]+)(?::(\\d{1,5}))?");

  private static final Pattern ZONE = Pattern.compile("%(25)?");
  private static final String VERSION = "/v1";

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
    if (!authority(url).matches()
        || url.getRawQuery() != null
        || url.getRawFragment() != null
        || port(url) > 65_535) {
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
    labels = Map.copyOf(labels);
  }

  /** An endpoint without labels. */
  public EndpointConfig(
      String id,
      URI url,
      Set<String> models,
      Set<String> adapters,
      double capacityWeight,
      int maxRequests) {
    this(id, url, models, adapters, capacityWeight, maxRequests, Map.of());
  }

  /** An endpoint of weight 1 without a limit, whose models are read from the endpoint. */
  public static EndpointConfig of(String id, URI url) {
    return new EndpointConfig(id, url, Set.of(), Set.of(), 1.0, 0);
  }

  /** The port of the URL; if the URL has none, the port of the scheme. */
  public int port() {
    return port(url);
  }

  private static int port(URI url) {
    var authority = authority(url);
    if (authority.matches() && authority.group(2) != null) {
      return Integer.parseInt(authority.group(2));
    }
    return "https".equals(url.getScheme()) ? 443 : 80;
  }

  /** Whether the URL's scheme is {@code https}. */
  public boolean isTls() {
    return "https".equals(url.getScheme());
  }

  /** The host to connect to: without brackets, and with the zone of a scoped IPv6 address. */
  public String host() {
    var host = hostInUrl();
    return host.startsWith("[")
        ? ZONE.matcher(host.substring(1, host.length() - 1)).replaceFirst("%")
        : host;
  }

  /** Host and port as proxies write them: with brackets if the host is an IPv6 address. */
  public String address() {
    var host = host();
    return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port();
  }

  /** The value of the {@code host} header: with brackets, without a zone or the usual port. */
  public String hostHeader() {
    var host = hostInUrl();
    var zone = host.indexOf('%');
    var name = zone < 0 ? host : host.substring(0, zone) + "]";
    return port() == (isTls() ? 443 : 80) ? name : name + ":" + port();
  }

  private String hostInUrl() {
    var authority = authority(url);
    return authority.matches() ? authority.group(1) : "";
  }

  /** {@link URI#getHost} knows no names with underscores. */
  private static Matcher authority(URI url) {
    var authority = url.getRawAuthority();
    return AUTHORITY.matcher(authority == null ? "" : authority);
  }

  /**
   * The URL's own path followed by {@code path}, which begins with a slash. If the URL's path ends
   * in {@code /v1}, as the base URLs of client libraries do, that is left out.
   */
  public String target(String path) {
    var prefix = url.getRawPath() == null ? "" : url.getRawPath();
    var end = prefix.length();
    end -= prefix.endsWith("/") ? 1 : 0;
    end -= prefix.startsWith(VERSION, end - VERSION.length()) ? VERSION.length() : 0;
    return end <= 0 ? path : prefix.substring(0, end) + path;
  }

  /** The whole URL that is asked for a path, as people read it. */
  public String asked(String path) {
    return url.getScheme() + "://" + url.getRawAuthority() + target(path);
  }
}
