package dev.sluice.server.config;

/**
 * {@code flowControl.displacement}: which request gives way when a total limit is reached.
 *
 * @param enabled whether queued requests give way to others
 * @param flowPolicyRef which flow gives way
 * @param requestPolicyRef which request of that flow gives way
 */
public record DisplacementSection(
    boolean enabled, PluginRef flowPolicyRef, PluginRef requestPolicyRef) {

  /** The defaults. */
  public static final DisplacementSection DEFAULT =
      new DisplacementSection(true, PluginRef.named("largest-backlog"), PluginRef.named("tail"));
}
