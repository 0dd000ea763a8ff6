package dev.sluice.flowcontrol.guard;

import dev.sluice.flowcontrol.framework.Plugin;

/**
 * A guard of the object of a chosen plugin, with its border. Both are replaced when the
 * configuration chooses another plugin. The guards extend this class instead of holding it, because
 * they stand on the way of every request, where each object more is a wait for memory. Guarded by
 * the core's lock.
 *
 * @param <T> the SPI interface
 */
abstract class PluginSlot<T> {
  private final Faults faults;
  private Plugin<T> plugin;
  private T object;
  private Border border;

  PluginSlot(Plugin<T> plugin, Faults faults) {
    this.faults = faults;
    this.plugin = plugin;
    object = plugin.create();
    border = new Border(plugin.type(), faults);
  }

  final T object() {
    return object;
  }

  /**
   * Makes an object of another plugin.
   *
   * @return false if {@code wanted} equals the present plugin, whose object stays
   */
  final boolean take(Plugin<T> wanted) {
    if (wanted.equals(plugin)) {
      return false;
    }
    object = wanted.create();
    plugin = wanted;
    border = new Border(wanted.type(), faults);
    return true;
  }

  final void caught(Throwable thrown) {
    border.caught(thrown);
  }

  final void misbehaved(String answer) {
    border.misbehaved(answer);
  }
}
