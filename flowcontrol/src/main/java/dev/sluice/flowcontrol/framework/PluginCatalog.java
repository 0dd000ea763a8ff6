package dev.sluice.flowcontrol.framework;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The plugin types that can be named in configuration, found through {@link ServiceLoader}.
 * Immutable; thread-safe; a look-up is O(1).
 *
 * <p>For example, {@code catalog.plugin(SaturationDetector.class, "concurrency",
 * Map.of("maxConcurrency", 16))} binds 16 to the parameter record's component of that name and
 * leaves the others at the provider's defaults.
 */
public final class PluginCatalog {

  /** Loaded on first use. */
  private static final class BuiltIn {
    static final PluginCatalog CATALOG = load(PluginCatalog.class.getClassLoader());
  }

  private final Map<Class<?>, Map<String, PluginProvider<?, ?>>> byName;
  private final Map<Class<?>, SortedSet<String>> types;

  private PluginCatalog(Collection<PluginProvider<?, ?>> providers) {
    var names = new HashMap<Class<?>, Map<String, PluginProvider<?, ?>>>();
    var kinds = new HashMap<Class<?>, SortedSet<String>>();
    var faults = new ArrayList<String>();
    for (var provider : providers) {
      kinds.computeIfAbsent(provider.kind(), kind -> new TreeSet<>()).add(provider.type());
      var ofKind = names.computeIfAbsent(provider.kind(), kind -> new TreeMap<>());
      var all = new TreeSet<>(provider.aliases());
      all.add(provider.type());
      for (var name : all) {
        var other = ofKind.putIfAbsent(name, provider);
        if (other != null) {
          faults.add(
              label(provider.kind())
                  + " "
                  + name
                  + " is provided twice: by "
                  + other.getClass().getName()
                  + " and by "
                  + provider.getClass().getName());
        }
      }
    }
    if (!faults.isEmpty()) {
      throw new InvalidPluginException(faults);
    }
    byName = names;
    types = kinds;
  }

  /**
   * The library's own plugins, and those that the loader of the library's classes sees beside it.
   */
  public static PluginCatalog builtIn() {
    return BuiltIn.CATALOG;
  }

  /**
   * The plugins that a class loader sees.
   *
   * @throws InvalidPluginException if a provider cannot be loaded, or two have a name in common
   */
  @SuppressWarnings("rawtypes")
  public static PluginCatalog load(@Nullable ClassLoader loader) {
    var providers = new ArrayList<PluginProvider<?, ?>>();
    try {
      for (PluginProvider<?, ?> provider : ServiceLoader.load(PluginProvider.class, loader)) {
        providers.add(provider);
      }
    } catch (ServiceConfigurationError e) {
      throw broken(e);
    }
    return new PluginCatalog(providers);
  }

  /** The plugins of these providers, for tests and for programs that don't use service files. */
  public static PluginCatalog of(Collection<PluginProvider<?, ?>> providers) {
    return new PluginCatalog(List.copyOf(providers));
  }

  /** The type names of a kind, without aliases, in alphabetical order; empty if it has none. */
  public SortedSet<String> types(Class<?> kind) {
    var known = types.get(kind);
    return known == null ? new TreeSet<>() : new TreeSet<>(known);
  }

  /**
   * The other names of a type, in alphabetical order.
   *
   * @throws InvalidPluginException if the type is unknown
   */
  public SortedSet<String> aliases(Class<?> kind, String type) {
    return new TreeSet<>(provider(kind, type).aliases());
  }

  /** The SPI interfaces of which at least one plugin is known, by name. */
  public List<Class<?>> kinds() {
    var kinds = new ArrayList<Class<?>>(types.keySet());
    kinds.sort((a, b) -> a.getName().compareTo(b.getName()));
    return List.copyOf(kinds);
  }

  /**
   * The parameters of a type, in the order of their record.
   *
   * @throws InvalidPluginException if the type is unknown
   */
  public List<PluginParameter> parameters(Class<?> kind, String type) {
    return ParameterBinding.describe(provider(kind, type).defaults());
  }

  /**
   * A plugin with its defaults.
   *
   * @throws InvalidPluginException if the type is unknown
   */
  public <T> Plugin<T> plugin(Class<T> kind, String type) {
    return plugin(kind, type, Map.of());
  }

  /**
   * A plugin with parameters.
   *
   * @param type a type's name or alias
   * @param parameters values by name: numbers, {@code Boolean}, {@code String}, durations as {@code
   *     Duration} or as text such as {@code 200ms}, enum constants by name, lists of these
   * @throws InvalidPluginException with every fault: the type is unknown, a parameter is unknown,
   *     has the wrong type, or is refused
   */
  public <T> Plugin<T> plugin(Class<T> kind, String type, Map<String, Object> parameters) {
    @SuppressWarnings("unchecked") // a provider is filed under its own kind
    var provider = (PluginProvider<T, ?>) provider(kind, type);
    return bind(provider, type, parameters);
  }

  private static <T, P extends Record> Plugin<T> bind(
      PluginProvider<T, P> provider, String type, Map<String, Object> values) {
    var defaults = provider.defaults();
    if (values.isEmpty()) {
      return Plugin.of(provider, defaults);
    }
    var faults = new ArrayList<String>();
    var bound = ParameterBinding.bind(type, defaults, values, faults);
    if (bound == null) {
      throw new InvalidPluginException(faults);
    }
    @SuppressWarnings("unchecked") // the same record class as the defaults
    var parameters = (P) bound;
    return Plugin.of(provider, parameters);
  }

  private PluginProvider<?, ?> provider(Class<?> kind, String type) {
    var ofKind = byName.getOrDefault(kind, Map.of());
    var provider = ofKind.get(type);
    if (provider != null) {
      return provider;
    }
    var others = new ArrayList<String>();
    byName.forEach((otherKind, named) -> {
      if (named.containsKey(type)) {
        others.add(label(otherKind));
      }
    });
    others.sort(null);
    throw new InvalidPluginException(
        List.of(
            "unknown "
                + label(kind)
                + " "
                + type
                + (others.isEmpty()
                    ? ""
                    : "; " + type + " is of kind " + String.join(" and ", others))
                + Spelling.hint(type, ofKind.keySet())));
  }

  private static String label(Class<?> kind) {
    return kind.getSimpleName();
  }

  private static InvalidPluginException broken(ServiceConfigurationError error) {
    var exception =
        new InvalidPluginException(List.of("a plugin cannot be loaded: " + error.getMessage()));
    exception.initCause(error);
    return exception;
  }
}
