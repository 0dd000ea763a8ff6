package dev.sluice.server.config;

import dev.sluice.flowcontrol.framework.InvalidPluginException;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.reading.Spelling;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds the plugins that keys refer to: an entry of {@code plugins}, a type, or a type with
 * parameters in place. Not thread-safe.
 */
final class PluginReferences {
  private final List<PluginSection> plugins;
  private final PluginCatalog catalog;
  private final FaultReport report;
  private final Map<String, PluginSection> named = new HashMap<>();
  private final Set<PluginSection> used = new HashSet<>();

  PluginReferences(List<PluginSection> plugins, PluginCatalog catalog, FaultReport report) {
    this.plugins = plugins;
    this.catalog = catalog;
    this.report = report;
    for (var i = 0; i < plugins.size(); i++) {
      var plugin = plugins.get(i);
      if (report.isWhole("plugins[" + i + "]") && named.put(plugin.name(), plugin) != null) {
        report.fault(
            "plugins[" + i + "].name", "plugin name " + plugin.name() + " is listed twice");
      }
    }
  }

  /**
   * The plugin that a key refers to. If the reference is wrong, the fault is noted and the result
   * is empty.
   */
  <T> Optional<Plugin<T>> find(String path, Class<T> kind, PluginRef ref) {
    var section = named.get(ref.name());
    if (section != null) {
      used.add(section);
      return make(
          "plugins[" + plugins.indexOf(section) + "]",
          kind,
          section.type(),
          section.parameters(),
          "");
    }
    var type = ref.name().isEmpty() ? ref.type() : ref.name();
    if (type.isBlank()) {
      return Optional.empty(); // the binder has noted the fault
    }
    return make(path, kind, type, ref.parameters(), namedHint(ref.name()));
  }

  private <T> Optional<Plugin<T>> make(
      String path, Class<T> kind, String type, Map<String, Object> parameters, String hint) {
    try {
      return Optional.of(catalog.plugin(kind, type, parameters));
    } catch (InvalidPluginException e) {
      e.faults().forEach(fault -> report.fault(path, fault + hint));
      return Optional.empty();
    }
  }

  /** The entries of {@code plugins} that an unknown name may have meant. */
  private String namedHint(String name) {
    if (name.isEmpty() || named.isEmpty()) {
      return "";
    }
    var known = named.keySet().stream().sorted().toList();
    return "; " + Spelling.question(name, known) + "plugins has: " + String.join(", ", known);
  }

  /**
   * Notes the faults of plugins that no key refers to. A plugin has to be right for at least one
   * kind.
   */
  void checkUnused() {
    for (var i = 0; i < plugins.size(); i++) {
      var section = plugins.get(i);
      var path = "plugins[" + i + "]";
      if (report.isWhole(path) && !used.contains(section)) {
        faultsOfUnused(section).forEach(fault -> report.fault(path, fault));
      }
    }
  }

  private List<String> faultsOfUnused(PluginSection section) {
    var type = section.type();
    var faults = List.of("unknown plugin type " + type);
    for (var kind : catalog.kinds()) {
      try {
        catalog.parameters(kind, type);
      } catch (InvalidPluginException e) {
        continue; // the plugin is of another kind
      }
      try {
        catalog.plugin(kind, type, section.parameters());
        return List.of();
      } catch (InvalidPluginException e) {
        faults = e.faults();
      }
    }
    return faults;
  }
}
