package dev.sluice.flowcontrol.guard;

import dev.sluice.flowcontrol.framework.Plugin;

/**
 * The object of a chosen plugin, and where its exceptions are reported. Guarded by the core's lock.
 *
 * @param <T> the SPI interface
 */
final class PluginSlot<T> {
  private final Faults faults;
  private Plugin<T> plugin;
  private T object;

  PluginSlot(Plugin<T> plugin, Faults faults) {
    this.faults = faults;
    this.plugin = plugin;
    object = plugin.create();
  }

  T object() {
    return object;
  }

  /** Makes an object of {@code wanted} unless the present one is of an equal plugin. */
  boolean use(Plugin<T> wanted) {
    if (wanted.equals(plugin)) {
      return false;
    }
    object = wanted.create();
    plugin = wanted;
    return true;
  }

  void failed(RuntimeException cause) {
    faults.report(plugin.type(), cause);
  }
}
