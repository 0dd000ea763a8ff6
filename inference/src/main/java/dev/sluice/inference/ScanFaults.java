package dev.sluice.inference;

import static dev.sluice.inference.ScanResult.INVALID_JSON;
import static dev.sluice.inference.ScanResult.INVALID_TYPE;
import static dev.sluice.inference.ScanResult.JSON_TOO_COMPLEX;

import dev.sluice.inference.ScanResult.Invalid;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.exc.UnexpectedEndOfInputException;

/**
 * Words the faults of a request body for its sender: what is wrong, and at which line and column.
 * Stateless.
 */
final class ScanFaults {
  private ScanFaults() {}

  /** The body is another JSON value than an object. */
  static Invalid notAnObject(JsonToken given) {
    return new Invalid(
        "The request body must be a JSON object, not " + typeName(given) + ".", "", INVALID_TYPE);
  }

  /** The body has more text after its JSON object. {@code parser} is at the first token of it. */
  static Invalid moreAfterTheObject(JsonParser parser) {
    var at = parser.currentTokenLocation();
    return new Invalid(
        "The request body continues after the end of its JSON object"
            + position(at.getLineNr(), at.getColumnNr())
            + ".",
        "",
        INVALID_JSON);
  }

  /** A field holds a value of another type than it must. */
  static Invalid wrongType(String field, String wanted, JsonToken given) {
    return new Invalid(
        "'" + field + "' must be " + wanted + ", not " + typeName(given) + ".",
        field,
        INVALID_TYPE);
  }

  /**
   * The parser could not read the body.
   *
   * @param field the field that was being read; empty if there is none to name
   */
  static Invalid unreadable(JacksonException e, String field) {
    return switch (e) {
      case StreamConstraintsException tooComplex ->
          new Invalid(
              "The request body is too complex"
                  + position(tooComplex)
                  + ": "
                  + tooComplex.getOriginalMessage(),
              field,
              JSON_TOO_COMPLEX);
      case UnexpectedEndOfInputException cut ->
          new Invalid(
              "The request body ends before its JSON object does" + position(cut) + ".",
              "",
              INVALID_JSON);
      default ->
          new Invalid(
              "The request body is not valid JSON" + position(e) + ": " + e.getOriginalMessage(),
              "",
              INVALID_JSON);
    };
  }

  private static String position(JacksonException e) {
    var at = e.getLocation();
    return at == null ? "" : position(at.getLineNr(), at.getColumnNr());
  }

  private static String position(int line, int column) {
    return " (line " + line + ", column " + column + ")";
  }

  private static String typeName(JsonToken token) {
    return switch (token) {
      case START_OBJECT, END_OBJECT -> "an object";
      case START_ARRAY, END_ARRAY -> "an array";
      case VALUE_STRING, PROPERTY_NAME -> "a string";
      case VALUE_NUMBER_INT -> "an integer";
      case VALUE_NUMBER_FLOAT -> "a fractional number";
      case VALUE_TRUE, VALUE_FALSE -> "a boolean";
      case VALUE_NULL -> "null";
      case VALUE_EMBEDDED_OBJECT, NOT_AVAILABLE -> "something else";
    };
  }
}
