package dev.sluice.server.config;

/**
 * {@code flowControl.saturationDetector}: how full the pool is.
 *
 * @param pluginRef the detector
 */
public record DetectorSection(PluginRef pluginRef) {

  /** The defaults. */
  public static final DetectorSection DEFAULT = new DetectorSection(PluginRef.named("ledger"));
}
