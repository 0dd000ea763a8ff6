package dev.sluice.server.config;

import dev.sluice.flowcontrol.reading.Checks;
import java.util.List;

/**
 * {@code pool.endpoints[]}: one model server.
 *
 * @param url address, such as {@code http://127.0.0.1:8000}; a {@code /v1} at its end is left out,
 *     and a path before that goes before the path of every request
 * @param id the name of the endpoint; empty means host and port
 * @param models models that the endpoint serves; empty means that they are read from its model list
 * @param adapters LoRA adapters that the endpoint serves; empty means that they are read from its
 *     model list
 * @param capacity size relative to the other endpoints
 * @param maxRequests most requests that this gateway sends at once; requests beyond that wait in
 *     their queues; 0 means no limit
 */
public record EndpointSection(
    String url,
    String id,
    List<String> models,
    List<String> adapters,
    double capacity,
    int maxRequests) {

  /** The defaults; the file has to give the URL. */
  public static final EndpointSection DEFAULT =
      new EndpointSection("http://127.0.0.1:8000", "", List.of(), List.of(), 1.0, 0);

  /** Rejects values outside their ranges, all at once. */
  public EndpointSection {
    models = List.copyOf(models);
    adapters = List.copyOf(adapters);
    new Checks()
        .that(
            url.matches(
                "https?://(\\[[0-9a-fA-F:.]+(%(25)?[\\w.~-]+)?]|[^/:?#\\s\\[\\]]+)(:\\d{1,5})?(/[^?#\\s]*)?"),
            "url",
            url,
            "http://host:port or https://host:port")
        .that(capacity > 0 && capacity < 1e9, "capacity", capacity, "> 0")
        .notNegative("maxRequests", maxRequests)
        .done();
  }
}
