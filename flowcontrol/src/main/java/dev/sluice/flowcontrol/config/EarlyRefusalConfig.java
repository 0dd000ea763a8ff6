package dev.sluice.flowcontrol.config;

/**
 * Whether requests that would expire in the queue are refused on arrival. Immutable.
 *
 * @param enabled whether they are
 * @param margin the part by which the predicted wait must exceed the time that the request may
 *     wait; at least 0
 */
public record EarlyRefusalConfig(boolean enabled, double margin) {

  /** Off; with a margin of a tenth where it is turned on. */
  public static final EarlyRefusalConfig DEFAULT = new EarlyRefusalConfig(false, 0.1);
}
