package dev.sluice.endpoints.metrics;

import java.util.Map;

/**
 * One sample of a metrics page. Immutable.
 *
 * @param name the sample's name as written, suffixes such as {@code _total} included
 * @param labels the labels, unescaped
 * @param value the value; NaN and infinities occur
 */
public record Sample(String name, Map<String, String> labels, double value) {

  /** Copies {@code labels}. */
  public Sample {
    labels = Map.copyOf(labels);
  }
}
