package dev.sluice.flowcontrol.framework;

import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A kind of plugin that configuration can name: the type name, the SPI interface, the default
 * parameters, and the function that makes an object. A policy with parameters is one line:
 *
 * <pre>{@code
 * PluginType.of("drr", InterFlowDispatchPolicy.class,
 *     DeficitRoundRobin.Parameters.DEFAULT, DeficitRoundRobin::new)
 * }</pre>
 *
 * <p>Parameters are a public record. The names and types of its components are those of the
 * parameters: numbers, {@code boolean}, {@code String}, {@code Duration}, enums, and lists of
 * these. Its compact constructor validates them, and throws {@link IllegalArgumentException} with
 * one line for each fault, such as {@code requests: got 0, allowed > 0}.
 *
 * <p>Immutable. The maker has no state: it is called on any thread when configuration is read, and
 * under the core's lock for bands and queues that are made later.
 *
 * @param <T> the SPI interface
 */
public final class PluginType<T> {
  private final String name;
  private final List<String> aliases;
  private final Class<T> kind;
  private final Record defaults;
  private final Function<Record, ? extends T> maker;

  private PluginType(
      String name,
      List<String> aliases,
      Class<T> kind,
      Record defaults,
      Function<Record, ? extends T> maker) {
    this.name = Objects.requireNonNull(name, "name");
    this.aliases = List.copyOf(aliases);
    this.kind = Objects.requireNonNull(kind, "kind");
    this.defaults = Objects.requireNonNull(defaults, "defaults");
    this.maker = Objects.requireNonNull(maker, "maker");
  }

  /**
   * A type without parameters.
   *
   * @param name the name in configuration, such as {@code round-robin}
   * @param kind the SPI interface that the plugins implement
   * @param maker makes a plugin; a policy with state gets one object for each band
   */
  public static <T> PluginType<T> of(String name, Class<T> kind, Supplier<? extends T> maker) {
    Objects.requireNonNull(maker, "maker");
    return new PluginType<>(name, List.of(), kind, NoParameters.INSTANCE, none -> maker.get());
  }

  /**
   * A type with parameters.
   *
   * @param name the name in configuration, such as {@code drr}
   * @param kind the SPI interface that the plugins implement
   * @param defaults the parameters that hold unless configuration gives others
   * @param maker makes a plugin from parameters; a policy with state gets one object for each band
   */
  public static <T, P extends Record> PluginType<T> of(
      String name, Class<T> kind, P defaults, Function<? super P, ? extends T> maker) {
    Objects.requireNonNull(maker, "maker");
    @SuppressWarnings("unchecked") // parameters are bound to the record class of the defaults
    var parametersClass = (Class<P>) defaults.getClass();
    return new PluginType<>(
        name,
        List.of(),
        kind,
        defaults,
        parameters -> maker.apply(parametersClass.cast(parameters)));
  }

  /** This type with other names that configuration may use in place of its own. */
  public PluginType<T> withAliases(String... names) {
    return new PluginType<>(name, List.of(names), kind, defaults, maker);
  }

  /** The name in configuration, such as {@code round-robin}. */
  public String name() {
    return name;
  }

  /** The other names of this type. */
  public List<String> aliases() {
    return aliases;
  }

  /** The SPI interface that the plugins implement. */
  public Class<T> kind() {
    return kind;
  }

  /** The parameters that hold unless configuration gives others; empty if the type has none. */
  public Record defaults() {
    return defaults;
  }

  /**
   * A new plugin.
   *
   * @throws ClassCastException if {@code parameters} are not of the class of the defaults
   */
  public T create(Record parameters) {
    return maker.apply(parameters);
  }

  /** The kind and the name, for messages. */
  @Override
  public String toString() {
    return kind.getSimpleName() + " " + name;
  }
}
