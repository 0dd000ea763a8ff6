package dev.sluice.gateway;

import java.time.Duration;
import java.util.List;

/**
 * Which web pages may call the gateway from a browser, by CORS (the Fetch standard). Immutable.
 *
 * @param origins the origins of the pages, such as {@code https://chat.example.com}; {@code *} for
 *     all; empty for none, and then the gateway leaves CORS to the endpoints
 * @param maxAge how long a browser may remember that it was allowed to call
 */
public record Cors(List<String> origins, Duration maxAge) {
  /** No pages. */
  public static final Cors NONE = new Cors(List.of(), Duration.ofMinutes(10));

  /** Copies; rejects a blank origin and a negative duration. */
  public Cors {
    origins = List.copyOf(origins);
    if (origins.stream().anyMatch(String::isBlank)) {
      throw new IllegalArgumentException("origins: got a blank one, allowed https://host or *");
    }
    if (maxAge.isNegative()) {
      throw new IllegalArgumentException("maxAge: got " + maxAge + ", allowed >= 0");
    }
  }

  boolean isOn() {
    return !origins.isEmpty();
  }

  boolean allowsAll() {
    return origins.contains("*");
  }

  boolean allows(String origin) {
    return allowsAll() || origins.contains(origin);
  }
}
