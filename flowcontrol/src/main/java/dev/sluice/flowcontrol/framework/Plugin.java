package dev.sluice.flowcontrol.framework;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A plugin type that was chosen, with its parameters. It makes the objects that the engine calls.
 * Two plugins are equal if they have the same type and equal parameters, so a reconfiguration that
 * changes nothing rebuilds nothing. Immutable; thread-safe.
 *
 * @param <T> the SPI interface
 */
public final class Plugin<T> {

  /** A type is the same in every catalog that loads it from the same source. */
  private record Identity(Object source, Class<?> kind, String type, Record parameters) {}

  private final String type;
  private final Record parameters;
  private final Supplier<? extends T> maker;
  private final Identity identity;

  private Plugin(Plugin<T> same, Supplier<? extends T> maker) {
    type = same.type;
    parameters = same.parameters;
    identity = same.identity;
    this.maker = maker;
  }

  /** A plugin of a type that a catalog read from {@code source}. */
  Plugin(PluginType<T> type, Class<?> source, Record parameters) {
    this.type = type.name();
    this.parameters = parameters;
    maker = () -> type.create(parameters);
    identity = new Identity(source, type.kind(), type.name(), parameters);
  }

  private Plugin(String type, Supplier<? extends T> maker) {
    this.type = type;
    this.parameters = NoParameters.INSTANCE;
    this.maker = maker;
    identity = new Identity(maker, Object.class, "", parameters);
  }

  /**
   * A plugin made in code, outside any catalog. It is equal only to a plugin of the same {@code
   * maker}, which is called for each object.
   */
  public static <T> Plugin<T> of(String type, Supplier<? extends T> maker) {
    return new Plugin<>(type, maker);
  }

  /** The type's name, for messages and metrics. */
  public String type() {
    return type;
  }

  /** The parameters, a record. */
  public Record parameters() {
    return parameters;
  }

  /** Makes a new object. */
  public T create() {
    return Objects.requireNonNull(maker.get(), type);
  }

  /**
   * This plugin, whose first {@link #create} gives out an object that was made before. So a change
   * of the configuration can make every object first, and fail before it has changed anything.
   */
  public Plugin<T> startingWith(T made) {
    var first = new AtomicReference<@Nullable T>(made);
    return new Plugin<>(
        this,
        () -> {
          var given = first.getAndSet(null);
          return given == null ? create() : given;
        });
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Plugin<?> plugin && identity.equals(plugin.identity);
  }

  @Override
  public int hashCode() {
    return identity.hashCode();
  }

  @Override
  public String toString() {
    return type + parameters;
  }
}
