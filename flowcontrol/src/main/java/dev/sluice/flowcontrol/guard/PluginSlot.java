package dev.sluice.flowcontrol.guard;

import dev.sluice.flowcontrol.framework.Plugin;

/**
 * The object of a chosen plugin, with its border. Both are replaced when the configuration chooses
 * another plugin. Guarded by the core's lock.
 *
 * @param <T> the SPI interface
 */
final class PluginSlot<T> {
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

  T object() {
    return object;
  }

  /**
   * Makes an object of another plugin.
   *
   * @return false if {@code wanted} equals the present plugin, whose object stays
   */
  boolean use(Plugin<T> wanted) {
    if (wanted.equals(plugin)) {
      return false;
    }
    object = wanted.create();
    plugin = wanted;
    border = new Border(wanted.type(), faults);
    return true;
  }

  void caught(Throwable thrown) {
    border.caught(thrown);
  }

  void misbehaved(String answer) {
    border.misbehaved(answer);
  }
}
