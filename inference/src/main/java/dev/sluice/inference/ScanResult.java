package dev.sluice.inference;

/** The result of scanning a request body: the facts that were read, or the reason to refuse it. */
public sealed interface ScanResult {
  /** The body is well-formed. */
  record Ok(RequestScan request) implements ScanResult {}

  /**
   * The body must be refused with status 400.
   *
   * @param message a sentence for the caller
   * @param param the field at fault; empty if there is none
   * @param code the reason, for programs: one of the constants of {@link ScanResult}
   */
  record Invalid(String message, String param, String code) implements ScanResult {
    /** The refusal in OpenAI's form. */
    public ErrorBody toErrorBody() {
      return ErrorBody.invalidRequest(message, param, code);
    }
  }

  /** The body is not JSON, is cut short, or continues after the JSON object. */
  String INVALID_JSON = "invalid_json";

  /** The body is not valid multipart/form-data. */
  String INVALID_MULTIPART = "invalid_multipart";

  /** The body is not in UTF-8, or begins with a byte order mark. */
  String INVALID_ENCODING = "invalid_encoding";

  /** The JSON is nested too deeply, or has a number or a name that is too long. */
  String JSON_TOO_COMPLEX = "json_too_complex";

  /** The model is not named, and the pool has several. */
  String MISSING_PARAMETER = "missing_required_parameter";

  /** The value of a field has the wrong type. */
  String INVALID_TYPE = "invalid_type";

  /** The value of a field has the right type but is not allowed. */
  String INVALID_VALUE = "invalid_value";

  /** A field is given twice. Two readers could understand such a body differently. */
  String DUPLICATE_PARAMETER = "duplicate_parameter";
}
