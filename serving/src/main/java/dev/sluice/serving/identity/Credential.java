package dev.sluice.serving.identity;

import java.util.List;
import java.util.function.Function;

/**
 * The API key that a request shows: in {@code authorization} as a bearer token, in {@code api-key}
 * or in {@code x-api-key}. It stands in one place only; otherwise the gateway and a proxy before it
 * could read different ones.
 */
sealed interface Credential {
  /** The request shows no key. */
  record None() implements Credential {}

  /** The request shows this key. */
  record Key(String key) implements Credential {}

  /** The request shows something that is not one key. */
  record Refused(String message) implements Credential {}

  /** Reads the key of a request. {@code headers} gives all values of a header by its name. */
  static Credential of(Function<String, List<String>> headers) {
    var authorization = headers.apply("authorization");
    var apiKey = headers.apply("api-key");
    var xApiKey = headers.apply("x-api-key");
    var shown = authorization.size() + apiKey.size() + xApiKey.size();
    if (shown == 0) {
      return new None();
    }
    if (shown > 1) {
      return new Refused(
          "The request has several of the headers authorization, api-key and x-api-key; send one.");
    }
    if (authorization.isEmpty()) {
      return key(apiKey.isEmpty() ? xApiKey.getFirst() : apiKey.getFirst());
    }
    var value = authorization.getFirst().trim();
    if (!value.regionMatches(true, 0, "bearer ", 0, 7)) {
      return new Refused("The authorization header is not of the form \"Bearer <key>\".");
    }
    return key(value.substring(7));
  }

  private static Credential key(String value) {
    var key = value.trim();
    return key.isEmpty() ? new Refused("The API key is empty.") : new Key(key);
  }
}
