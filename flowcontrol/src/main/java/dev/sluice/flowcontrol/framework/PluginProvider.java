package dev.sluice.flowcontrol.framework;

import java.util.List;

/**
 * Makes plugins of one type. Found through {@link java.util.ServiceLoader}: a jar on the class path
 * that lists its providers in {@code META-INF/services} adds plugin types.
 *
 * <p>Parameters are a public record. Its components are the parameters' names and types (numbers,
 * {@code boolean}, {@code String}, {@code Duration}, enums, lists of these), {@link #defaults}
 * holds their default values, and its compact constructor validates them with {@link
 * IllegalArgumentException}.
 *
 * <p>A provider has no state: it is called when configuration is read, on any thread, and under the
 * core's lock for bands and queues that are made later.
 *
 * @param <T> the SPI interface
 * @param <P> the record of parameters
 */
public interface PluginProvider<T, P extends Record> {

  /** The type's name in configuration, such as {@code round-robin}. */
  String type();

  /** Other names of the same type. */
  default List<String> aliases() {
    return List.of();
  }

  /** The SPI interface that its plugins implement. */
  Class<T> kind();

  /** The parameters where configuration says nothing. */
  P defaults();

  /** A new plugin. Policies with state get one object per band. */
  T create(P parameters);
}
