package dev.sluice.flowcontrol.framework;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Turns a map of configured values into a plugin's record of parameters, starting from its
 * defaults. Collects every fault instead of stopping at the first.
 */
final class ParameterBinding {
  private static final Pattern DURATION = Pattern.compile("(\\d+(?:\\.\\d+)?)(ns|us|ms|s|m|h|d)");

  /** What a text or number could not be turned into. */
  private static final class Mismatch extends Exception {
    private static final long serialVersionUID = 1L;

    Mismatch(String message) {
      super(message, null, false, false);
    }
  }

  private ParameterBinding() {}

  /** The parameters that a record of defaults describes. */
  static List<PluginParameter> describe(Record defaults) {
    return Stream.of(defaults.getClass().getRecordComponents())
        .map(c -> new PluginParameter(c.getName(), words(c.getGenericType()), value(c, defaults)))
        .toList();
  }

  /** A record like {@code defaults} with the given values, or null if {@code faults} grew. */
  static @Nullable Record bind(
      String path, Record defaults, Map<String, Object> values, List<String> faults) {
    var before = faults.size();
    var components = defaults.getClass().getRecordComponents();
    var names = Arrays.stream(components).map(RecordComponent::getName).toList();
    for (var name : values.keySet()) {
      if (!names.contains(name)) {
        faults.add(path + ": unknown parameter " + name + Spelling.hint(name, names));
      }
    }
    var arguments = new Object[components.length];
    for (var i = 0; i < components.length; i++) {
      var component = components[i];
      var name = component.getName();
      arguments[i] = value(component, defaults);
      if (values.containsKey(name)) {
        try {
          arguments[i] = convert(values.get(name), component.getGenericType());
        } catch (Mismatch mismatch) {
          faults.add(path + "." + name + ": " + mismatch.getMessage());
        }
      }
    }
    return faults.size() == before ? construct(path, defaults, arguments, faults) : null;
  }

  private static @Nullable Record construct(
      String path, Record defaults, Object[] arguments, List<String> faults) {
    try {
      return canonical(defaults.getClass()).newInstance(arguments);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof IllegalArgumentException refused) {
        for (var line : String.valueOf(refused.getMessage()).split("\n", -1)) {
          faults.add(path + "." + line);
        }
        return null;
      }
      throw new IllegalStateException(path + ": its parameters failed", e.getCause());
    } catch (ReflectiveOperationException e) {
      faults.add(path + ": its record of parameters must be public: " + e.getMessage());
      return null;
    }
  }

  private static <R extends Record> Constructor<R> canonical(Class<R> type)
      throws NoSuchMethodException {
    var types =
        Arrays.stream(type.getRecordComponents())
            .map(RecordComponent::getType)
            .toArray(Class<?>[]::new);
    return type.getConstructor(types);
  }

  private static Object value(RecordComponent component, Record holder) {
    try {
      return component.getAccessor().invoke(holder);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(
          holder.getClass().getName() + ": its record of parameters must be public", e);
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
    if (given instanceof String text) {
      var match = DURATION.matcher(text.strip());
      if (match.matches()) {
        var nanos =
            new BigDecimal(match.group(1)).multiply(BigDecimal.valueOf(nanosOf(match.group(2))));
        try {
          return Duration.ofNanos(nanos.toBigInteger().longValueExact());
        } catch (ArithmeticException tooLong) {
          throw new Mismatch("got " + shown(given) + ", allowed at most 292 years");
        }
      }
    }
    throw new Mismatch("got " + shown(given) + ", allowed a duration such as 200ms, 30s, 5m or 1h");
  }

  private static long nanosOf(String unit) {
    return switch (unit) {
      case "ns" -> 1L;
      case "us" -> 1_000L;
      case "ms" -> 1_000_000L;
      case "s" -> 1_000_000_000L;
      case "m" -> 60_000_000_000L;
      case "h" -> 3_600_000_000_000L;
      default -> 86_400_000_000_000L;
    };
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
