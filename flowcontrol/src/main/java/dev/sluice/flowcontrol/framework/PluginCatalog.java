package dev.sluice.flowcontrol.framework;

import dev.sluice.flowcontrol.reading.Spelling;
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
 * Map.of("maxConcurrency", 16))} binds 16 to the component of that name in the type's record of
 * parameters. The other components keep the type's defaults.
 */
public final class PluginCatalog {

  /** Loaded on first use. */
  private static final class BuiltIn {
    static final PluginCatalog CATALOG = load(PluginCatalog.class.getClassLoader());
  }

  /** A type and the class of the source that lists it. */
  private record Listed(PluginType<?> type, Class<?> source) {}

  private final Map<Class<?>, Map<String, Listed>> byName;
  private final Map<Class<?>, SortedSet<String>> types;

  private PluginCatalog(Iterable<PluginSource> sources) {
    var names = new HashMap<Class<?>, Map<String, Listed>>();
    var kinds = new HashMap<Class<?>, SortedSet<String>>();
    var faults = new ArrayList<String>();
    for (var source : sources) {
      for (var type : source.types()) {
        kinds.computeIfAbsent(type.kind(), kind -> new TreeSet<>()).add(type.name());
        var ofKind = names.computeIfAbsent(type.kind(), kind -> new TreeMap<>());
        var all = new TreeSet<>(type.aliases());
        all.add(type.name());
        for (var name : all) {
          var other = ofKind.putIfAbsent(name, new Listed(type, source.getClass()));
          if (other != null) {
            faults.add(
                label(type.kind())
                    + " "
                    + name
                    + " is provided twice: by "
                    + other.source.getName()
                    + " and by "
                    + source.getClass().getName());
          }
        }
      }
    }
    if (!faults.isEmpty()) {
      throw new InvalidPluginException(faults);
    }
    byName = names;
    types = kinds;
  }

  /** The library's own plugins, and those of other jars that the library's class loader sees. */
  public static PluginCatalog builtIn() {
    return BuiltIn.CATALOG;
  }

  /**
   * The plugins that a class loader sees.
   *
   * @throws InvalidPluginException if a source cannot be loaded, or two types of one kind have a
   *     name in common
   */
  public static PluginCatalog load(@Nullable ClassLoader loader) {
    try {
      return new PluginCatalog(ServiceLoader.load(PluginSource.class, loader));
    } catch (ServiceConfigurationError e) {
      throw broken(e);
    }
  }

  /** The plugins of these sources, for tests and for programs that don't use service files. */
  public static PluginCatalog of(Collection<? extends PluginSource> sources) {
    return new PluginCatalog(List.copyOf(sources));
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
    return new TreeSet<>(listed(kind, type).type.aliases());
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
    return ParameterBinding.describe(listed(kind, type).type.defaults());
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
    var listed = listed(kind, type);
    @SuppressWarnings("unchecked") // a type is filed under its own kind
    var found = (PluginType<T>) listed.type;
    if (parameters.isEmpty()) {
      return new Plugin<>(found, listed.source, found.defaults());
    }
    var faults = new ArrayList<String>();
    var bound = ParameterBinding.bind(type, found.defaults(), parameters, faults);
    if (bound == null) {
      throw new InvalidPluginException(faults);
    }
    return new Plugin<>(found, listed.source, bound);
  }

  private Listed listed(Class<?> kind, String type) {
    var ofKind = byName.getOrDefault(kind, Map.of());
    var listed = ofKind.get(type);
    if (listed != null) {
      return listed;
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
