package dev.sluice.flowcontrol.framework;

import dev.sluice.flowcontrol.reading.Durations;
import dev.sluice.flowcontrol.reading.RecordType;
import dev.sluice.flowcontrol.reading.Spelling;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Turns a map of configured values into a plugin's record of parameters, starting from its
 * defaults. Collects every fault instead of stopping at the first.
 */
final class ParameterBinding {
  private static final Optional<Duration> NO_DURATION = Optional.empty();
  private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

  /** A value that does not fit its parameter; the message has the given and the allowed value. */
  private static final class Mismatch extends Exception {
    private static final long serialVersionUID = 1L;

    Mismatch(String message) {
      super(message, null, false, false);
    }
  }

  private ParameterBinding() {}

  /** The parameters that a record of defaults describes. */
  static <R extends Record> List<PluginParameter> describe(R defaults) {
    var type = RecordType.of(defaults);
    return type.components().stream()
        .map(c ->
            new PluginParameter(
                c.getName(), words(c.getGenericType()), required(type.get(c, defaults))))
        .toList();
  }

  private static Object required(@Nullable Object preset) {
    return Objects.requireNonNull(preset, "a parameter's default");
  }

  /** A record like {@code defaults} with the given values, or null if {@code faults} grew. */
  static <R extends Record> @Nullable R bind(
      String path, R defaults, Map<String, Object> values, List<String> faults) {
    var before = faults.size();
    var type = RecordType.of(defaults);
    for (var name : values.keySet()) {
      if (!type.names().contains(name)) {
        faults.add(path + ": unknown parameter " + name + Spelling.hint(name, type.names()));
      }
    }
    var arguments =
        type.arguments(
            defaults,
            values,
            (component, given, preset) -> {
              try {
                return convert(given, component.getGenericType());
              } catch (Mismatch mismatch) {
                faults.add(path + "." + component.getName() + ": " + mismatch.getMessage());
                return preset;
              }
            });
    if (faults.size() > before) {
      return null;
    }
    try {
      return type.make(arguments);
    } catch (IllegalArgumentException refused) {
      for (var line : String.valueOf(refused.getMessage()).split("\n", -1)) {
        faults.add(path + "." + line);
      }
      return null;
    }
  }

  private static Object convert(@Nullable Object given, Type target) throws Mismatch {
    if (given == null) {
      throw new Mismatch("got nothing, allowed " + words(target));
    }
    if (target instanceof ParameterizedType list && list.getRawType() == List.class) {
      return convertList(given, list.getActualTypeArguments()[0], target);
    }
    if (target instanceof Class<?> type) {
      if (type == int.class || type == Integer.class) {
        return (int) whole(given, target, Integer.MIN_VALUE, Integer.MAX_VALUE);
      }
      if (type == long.class || type == Long.class) {
        return whole(given, target, Long.MIN_VALUE, Long.MAX_VALUE);
      }
      if ((type == double.class || type == Double.class) && given instanceof Number number) {
        return number.doubleValue();
      }
      if ((type == boolean.class || type == Boolean.class) && given instanceof Boolean) {
        return given;
      }
      if (type == String.class && given instanceof String) {
        return given;
      }
      if (type == Duration.class) {
        return duration(given);
      }
      if (type.isEnum()) {
        return constant(given, type);
      }
    }
    throw new Mismatch("got " + shown(given) + ", allowed " + words(target));
  }

  private static List<Object> convertList(Object given, Type element, Type target) throws Mismatch {
    if (!(given instanceof List<?> items)) {
      throw new Mismatch("got " + shown(given) + ", allowed " + words(target));
    }
    var converted = new ArrayList<Object>(items.size());
    for (var item : items) {
      converted.add(convert(item, element));
    }
    return List.copyOf(converted);
  }

  private static long whole(Object given, Type target, long min, long max) throws Mismatch {
    if (given instanceof Number number && !isNotFinite(number)) {
      try {
        var exact =
            number instanceof BigInteger big
                ? big
                : new BigDecimal(number.toString()).toBigIntegerExact();
        var value = exact.longValueExact();
        if (value >= min && value <= max) {
          return value;
        }
      } catch (ArithmeticException notWhole) {
        throw new Mismatch("got " + shown(given) + ", allowed " + words(target));
      }
    }
    throw new Mismatch("got " + shown(given) + ", allowed " + words(target));
  }

  private static boolean isNotFinite(Number number) {
    return !Double.isFinite(number.doubleValue());
  }

  private static Duration duration(Object given) throws Mismatch {
    if (given instanceof Duration duration) {
      return duration;
    }
    var read = given instanceof String text ? Durations.parse(text.strip()) : NO_DURATION;
    if (read.isEmpty()) {
      throw new Mismatch(
          "got " + shown(given) + ", allowed a duration such as 200ms, 30s, 5m or 1h");
    }
    if (read.get().compareTo(LONGEST) > 0) {
      throw new Mismatch("got " + shown(given) + ", allowed at most 292 years");
    }
    return read.get();
  }

  private static Object constant(Object given, Class<?> type) throws Mismatch {
    if (type.isInstance(given)) {
      return given;
    }
    if (given instanceof String text) {
      for (var constant : constants(type)) {
        if (plain(constant.name()).equals(plain(text))) {
          return constant;
        }
      }
    }
    throw new Mismatch("got " + shown(given) + ", allowed " + words(type));
  }

  private static String plain(String name) {
    return name.replace("_", "").replace("-", "").toLowerCase(Locale.ROOT);
  }

  private static List<Enum<?>> constants(Class<?> type) {
    var constants = new ArrayList<Enum<?>>();
    for (var constant : type.getEnumConstants()) {
      constants.add((Enum<?>) constant);
    }
    return constants;
  }

  private static String shown(Object given) {
    return given instanceof String text ? "\"" + text + "\"" : String.valueOf(given);
  }

  private static String words(Type type) {
    if (type instanceof ParameterizedType list && list.getRawType() == List.class) {
      return "list of " + words(list.getActualTypeArguments()[0]);
    }
    if (type == int.class || type == Integer.class || type == long.class || type == Long.class) {
      return "whole number";
    }
    if (type == double.class || type == Double.class) {
      return "number";
    }
    if (type == boolean.class || type == Boolean.class) {
      return "true or false";
    }
    if (type == String.class) {
      return "text";
    }
    if (type == Duration.class) {
      return "duration";
    }
    if (type instanceof Class<?> c && c.isEnum()) {
      return "one of "
          + String.join(
              ", ",
              constants(c).stream()
                  .map(constant -> constant.name().toLowerCase(Locale.ROOT).replace('_', '-'))
                  .toList());
    }
    return type.getTypeName();
  }
}
