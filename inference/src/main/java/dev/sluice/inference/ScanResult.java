package dev.sluice.inference;

/**
 * What became of a request body that was scanned: it is understood, or it is refused for a stated
 * reason.
 */
public sealed interface ScanResult {
  /** The body is well-formed and says all that is needed. */
  record Ok(RequestScan request) implements ScanResult {}

  /**
   * The body is to be refused with status 400.
   *
   * @param message a sentence for the caller
   * @param param the field at fault, empty where there is none
   * @param code why, for programs: one of the constants of this interface
   */
  record Invalid(String message, String param, String code) implements ScanResult {
    /** The refusal in OpenAI's form. */
    public ErrorBody toErrorBody() {
      return ErrorBody.invalidRequest(message, param, code);
    }
  }

  /** Not JSON, cut short, or followed by something else. */
  String INVALID_JSON = "invalid_json";

  /** JSON in another encoding than UTF-8 without a byte order mark. */
  String INVALID_ENCODING = "invalid_encoding";

  /** JSON that nests too deep or holds a number or name of absurd length. */
  String JSON_TOO_COMPLEX = "json_too_complex";

  /** A needed field is absent or null. */
  String MISSING_PARAMETER = "missing_required_parameter";

  /** A field holds another type than it must. */
  String INVALID_TYPE = "invalid_type";

  /** A field has the right type and an impossible value. */
  String INVALID_VALUE = "invalid_value";

  /** A number is too small. */
  String BELOW_MINIMUM = "integer_below_min_value";

  /** A number is too large. */
  String ABOVE_MAXIMUM = "integer_above_max_value";

  /** A field is given twice, so that two readers could read two different requests. */
  String DUPLICATE_PARAMETER = "duplicate_parameter";
}
