package dev.sluice.flowcontrol.framework;

import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A chosen plugin with its parameters: makes objects of it. Two are equal if they would make the
 * same objects, so a reconfiguration that changes nothing rebuilds nothing. Immutable; thread-safe.
 *
 * @param <T> the SPI interface
 */
public final class Plugin<T> {
  private final String type;
  private final Object identity;
  private final Object parameters;
  private final Function<Object, T> maker;

  private Plugin(String type, Object identity, Object parameters, Function<Object, T> maker) {
    this.type = type;
    this.identity = identity;
    this.parameters = parameters;
    this.maker = maker;
  }

  /** A provider's plugin with these parameters. */
  @SuppressWarnings("unchecked")
  public static <T, P extends Record> Plugin<T> of(PluginProvider<T, P> provider, P parameters) {
    return new Plugin<>(
        provider.type(), provider.getClass(), parameters, p -> provider.create((P) p));
  }

  /** A plugin made in code, without a provider; {@code maker} is called for each object. */
  public static <T> Plugin<T> of(String type, Supplier<? extends T> maker) {
    return new Plugin<>(type, maker, NoParameters.INSTANCE, p -> maker.get());
  }

  /** The type's name, for messages and metrics. */
  public String type() {
    return type;
  }

  /** The parameters, a record. */
  public Object parameters() {
    return parameters;
  }

  /** A new object of it. */
  public T create() {
    return maker.apply(parameters);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Plugin<?> p
        && identity.equals(p.identity)
        && parameters.equals(p.parameters);
  }

  @Override
  public int hashCode() {
    return Objects.hash(identity, parameters);
  }

  @Override
  public String toString() {
    return type + parameters;
  }
}
