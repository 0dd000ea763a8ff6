package dev.sluice.server.config;

/**
 * {@code flowControl.saturationDetector}: how full the pool is.
 *
 * @param pluginRef the detector
 */
public record DetectorSection(PluginRef pluginRef) {

  /** What holds where the file says nothing. */
  public static final DetectorSection DEFAULT = new DetectorSection(PluginRef.named("ledger"));
}
