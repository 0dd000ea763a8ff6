package dev.sluice.flowcontrol.reading;

/** Single values as people write them in a file. */
public final class Scalars {
  private Scalars() {}

  /**
   * A number or a switch: {@code 5_000}, {@code 0.5}, {@code true}.
   *
   * @param type {@code int}, {@code long}, {@code double}, {@code boolean} or the class of one
   * @throws IllegalArgumentException if the text is not such a value; the message says what is
   *     allowed, such as {@code a whole number}
   */
  public static Object parse(String text, Class<?> type) {
    try {
      if (type == int.class || type == Integer.class) {
        return Integer.parseInt(text.replace("_", ""));
      }
      if (type == long.class || type == Long.class) {
        return Long.parseLong(text.replace("_", ""));
      }
      if (type == double.class || type == Double.class) {
        return Double.parseDouble(text);
      }
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(allowed(type), e);
    }
    if (text.equals("true") || text.equals("false")) {
      return text.equals("true");
    }
    throw new IllegalArgumentException(allowed(type));
  }

  /** The words for the values that a type allows, such as {@code a whole number}. */
  public static String allowed(Class<?> type) {
    if (type == double.class || type == Double.class) {
      return "a number";
    }
    return type == boolean.class || type == Boolean.class ? "true or false" : "a whole number";
  }
}
