package dev.sluice.server.config;

import dev.sluice.flowcontrol.reading.Checks;

/**
 * {@code flowControl.earlyRefusal}: requests that would expire in the queue are refused on arrival.
 *
 * @param enabled whether they are refused on arrival; they expire in the queue otherwise
 * @param margin the part by which the predicted wait must exceed the time that the request may
 *     wait, at least 0
 */
public record EarlyRefusalSection(boolean enabled, double margin) {

  /** The defaults. */
  public static final EarlyRefusalSection DEFAULT = new EarlyRefusalSection(false, 0.1);

  /** Rejects values outside their ranges. */
  public EarlyRefusalSection {
    new Checks().that(margin >= 0, "margin", margin, ">= 0").done();
  }
}
