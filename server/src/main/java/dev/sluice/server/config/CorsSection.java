package dev.sluice.server.config;

import dev.sluice.flowcontrol.reading.Checks;
import dev.sluice.gateway.Cors;
import java.time.Duration;
import java.util.List;

/**
 * {@code gateway.cors}: web pages that may call the gateway from a browser.
 *
 * @param origins origins of the pages, such as {@code https://chat.example.com}; {@code *} allows
 *     all. If there are none, the gateway leaves CORS to the endpoints
 * @param maxAge how long a browser may remember that it was allowed to call
 */
public record CorsSection(List<String> origins, Duration maxAge) {

  /** The defaults. */
  public static final CorsSection DEFAULT = new CorsSection(List.of(), Cors.NONE.maxAge());

  /** Copies; rejects values outside their ranges, all at once. */
  public CorsSection {
    origins = List.copyOf(origins);
    new Checks()
        .that(
            origins.stream().noneMatch(String::isBlank),
            "origins",
            origins,
            "origins such as https://chat.example.com, or *")
        .that(!maxAge.isNegative(), "maxAge", maxAge, ">= 0")
        .done();
  }
}
