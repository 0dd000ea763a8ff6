package dev.sluice.inference;

import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** The token estimators that a configuration may name. Immutable and thread-safe. */
public final class TokenEstimators {
  /** The name of {@link BySize#DEFAULT}. */
  public static final String BY_SIZE = "by-size";

  private static final TokenEstimators STANDARD =
      new TokenEstimators(new TreeMap<>()).with(BY_SIZE, BySize.DEFAULT);

  private final SortedMap<String, TokenEstimator> byName;

  private TokenEstimators(SortedMap<String, TokenEstimator> byName) {
    this.byName = byName;
  }

  /** The built-in estimators. */
  public static TokenEstimators standard() {
    return STANDARD;
  }

  /**
   * These estimators and one more.
   *
   * @throws IllegalArgumentException if the name is blank or taken
   */
  public TokenEstimators with(String name, TokenEstimator estimator) {
    if (name.isBlank()) {
      throw new IllegalArgumentException("name of a token estimator is blank");
    }
    if (byName.containsKey(name)) {
      throw new IllegalArgumentException("token estimator '" + name + "' exists already");
    }
    var more = new TreeMap<>(byName);
    more.put(name, estimator);
    return new TokenEstimators(more);
  }

  /** The estimator of this name. */
  public Optional<TokenEstimator> named(String name) {
    return Optional.ofNullable(byName.get(name));
  }

  /** All names, in order, for messages. */
  public SortedSet<String> names() {
    return new TreeSet<>(byName.keySet());
  }
}
