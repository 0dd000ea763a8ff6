package dev.sluice.flowcontrol.guard;

/**
 * Receives the faults of plugins. The engine counts a fault, names the plugin to its observers, and
 * goes on without the plugin's answer.
 */
@FunctionalInterface
public interface Faults {

  /**
   * Reports that a plugin threw, or that it gave an answer that cannot be used.
   *
   * @param plugin the plugin's type name, as the configuration spells it
   * @param cause the exception, or an {@link IllegalStateException} that describes the answer
   */
  void report(String plugin, Throwable cause);
}
