package dev.sluice.gateway;

import dev.sluice.endpoints.EndpointConfig;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.function.Supplier;

/**
 * The addresses in answers of endpoints. A URL of an endpoint, which clients neither can nor should
 * reach, becomes a path of the gateway. Thread-safe. O(endpoints) for each address.
 */
final class Redirects {
  private final Supplier<List<EndpointConfig>> endpoints;

  Redirects(Supplier<List<EndpointConfig>> endpoints) {
    this.endpoints = endpoints;
  }

  /** The address as the client may see it: the same one, unless it is that of an endpoint. */
  String forClient(String address) {
    URI url;
    try {
      url = new URI(address.trim());
    } catch (URISyntaxException e) {
      return address; // not an address, so none that leaks
    }
    if (url.getHost() == null) {
      return address;
    }
    for (var endpoint : endpoints.get()) {
      if (isOf(endpoint, url)) {
        return path(endpoint, url);
      }
    }
    return address;
  }

  private static boolean isOf(EndpointConfig endpoint, URI url) {
    var port = url.getPort() >= 0 ? url.getPort() : "https".equals(url.getScheme()) ? 443 : 80;
    return url.getHost().equalsIgnoreCase(endpoint.url().getHost())
        && (port == endpoint.port() || url.getPort() < 0);
  }

  private static String path(EndpointConfig endpoint, URI url) {
    var prefix = endpoint.target("");
    var path = url.getRawPath() == null ? "" : url.getRawPath();
    if (!prefix.isEmpty() && path.startsWith(prefix + "/")) {
      path = path.substring(prefix.length());
    }
    // Two slashes at the beginning would be read as a host.
    var rooted = "/" + path.replaceFirst("^/+", "");
    var query = url.getRawQuery() == null ? "" : "?" + url.getRawQuery();
    var fragment = url.getRawFragment() == null ? "" : "#" + url.getRawFragment();
    return rooted + query + fragment;
  }
}
