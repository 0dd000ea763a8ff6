package dev.sluice.flowcontrol.guard;

/**
 * Where a plugin's exception goes: it is named and counted, and the engine goes on without the
 * answer.
 */
@FunctionalInterface
public interface Faults {

  /** {@code plugin} threw {@code cause}. */
  void report(String plugin, RuntimeException cause);
}
