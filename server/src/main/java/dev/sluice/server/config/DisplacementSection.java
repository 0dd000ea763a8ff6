package dev.sluice.server.config;

/**
 * {@code flowControl.displacement}: who gives way when a total limit is reached.
 *
 * @param enabled whether queued requests give way to more important ones
 * @param flowPolicyRef which flow gives way
 * @param requestPolicyRef which of its requests
 */
public record DisplacementSection(
    boolean enabled, PluginRef flowPolicyRef, PluginRef requestPolicyRef) {

  /** What holds where the file says nothing. */
  public static final DisplacementSection DEFAULT =
      new DisplacementSection(true, PluginRef.named("largest-backlog"), PluginRef.named("tail"));
}
