package dev.sluice.inference;

import java.io.ByteArrayOutputStream;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * An error, with the fields that OpenAI's clients expect. It is written in the form of OpenAI or of
 * Anthropic. Immutable.
 *
 * @param status the HTTP status of the answer, 400 to 599
 * @param message a sentence for a person
 * @param type the class of the error
 * @param param the field or header at fault; empty becomes JSON null
 * @param code the exact reason, for programs; empty becomes JSON null
 * @param form the form of the JSON
 */
public record ErrorBody(
    int status, String message, String type, String param, String code, ErrorForm form) {
  private static final JsonFactory FACTORY = new JsonFactory();
  private static final String INVALID_REQUEST = "invalid_request_error";

  public ErrorBody {
    if (status < 400 || status > 599) {
      throw new IllegalArgumentException("status: got " + status + ", allowed 400 to 599");
    }
    if (type.isBlank()) {
      throw new IllegalArgumentException("type is blank");
    }
  }

  /** An error in OpenAI's form. */
  public ErrorBody(int status, String message, String type, String param, String code) {
    this(status, message, type, param, code, ErrorForm.OPENAI);
  }

  /** The same error in another form. */
  public ErrorBody in(ErrorForm other) {
    return new ErrorBody(status, message, type, param, code, other);
  }

  /** 400: the body or a header is wrong. */
  public static ErrorBody invalidRequest(String message, String param, String code) {
    return new ErrorBody(400, message, INVALID_REQUEST, param, code);
  }

  /** 401: the request has no API key, or an unknown one. */
  public static ErrorBody authentication(String message) {
    return new ErrorBody(401, message, "authentication_error", "", "invalid_api_key");
  }

  /** 403: the caller is known, but may not do this. */
  public static ErrorBody permission(String message, String param) {
    return new ErrorBody(403, message, "permission_error", param, "permission_denied");
  }

  /** 404: no endpoint serves the model. */
  public static ErrorBody modelNotFound(String model) {
    return new ErrorBody(
        404,
        "The model '" + model + "' does not exist.",
        INVALID_REQUEST,
        "model",
        "model_not_found");
  }

  /** 404: the path does not exist. */
  public static ErrorBody unknownPath(String method, String path) {
    return new ErrorBody(
        404, "Unknown request: " + method + " " + path + ".", INVALID_REQUEST, "", "unknown_url");
  }

  /** 405: the path exists, but not for this method. */
  public static ErrorBody methodNotAllowed(String method, String path) {
    return new ErrorBody(
        405,
        "Method " + method + " is not allowed for " + path + ".",
        INVALID_REQUEST,
        "",
        "method_not_allowed");
  }

  /** 408: the client did not send its whole request in time. */
  public static ErrorBody requestTimeout(String message) {
    return new ErrorBody(408, message, INVALID_REQUEST, "", "request_timeout");
  }

  /** 413: the body is larger than {@code maxBytes}. */
  public static ErrorBody bodyTooLarge(long maxBytes) {
    return new ErrorBody(
        413,
        "The request body is larger than " + maxBytes + " bytes.",
        INVALID_REQUEST,
        "",
        "request_too_large");
  }

  /** 414: the request line is larger than {@code maxBytes}. */
  public static ErrorBody uriTooLong(long maxBytes) {
    return new ErrorBody(
        414,
        "The request line is larger than " + maxBytes + " bytes.",
        INVALID_REQUEST,
        "",
        "uri_too_long");
  }

  /** 415: the body is compressed, or in another form that is not read. */
  public static ErrorBody unsupportedMediaType(String message) {
    return new ErrorBody(415, message, INVALID_REQUEST, "", "unsupported_media_type");
  }

  /** 429: flow control refused the request. {@code reason} is the value of the reason header. */
  public static ErrorBody rateLimited(String message, String reason) {
    return new ErrorBody(429, message, "rate_limit_error", "", reason);
  }

  /** 431: the header section is larger than {@code maxBytes}. */
  public static ErrorBody headersTooLarge(long maxBytes) {
    return new ErrorBody(
        431,
        "The request headers are larger than " + maxBytes + " bytes.",
        INVALID_REQUEST,
        "",
        "headers_too_large");
  }

  /** 431: the request has more than {@code most} headers. */
  public static ErrorBody tooManyHeaders(int most) {
    return new ErrorBody(
        431,
        "The request has more than " + most + " headers.",
        INVALID_REQUEST,
        "",
        "too_many_headers");
  }

  /** 500: the gateway itself failed. */
  public static ErrorBody internal(String message) {
    return new ErrorBody(500, message, "server_error", "", "internal_error");
  }

  /** 502: a model server sent something invalid, or broke off before its answer. */
  public static ErrorBody badGateway(String message) {
    return new ErrorBody(502, message, "server_error", "", "bad_gateway");
  }

  /**
   * 503: no endpoint can serve the request now. {@code reason} is the value of the reason header.
   */
  public static ErrorBody unavailable(String message, String reason) {
    return new ErrorBody(503, message, "service_unavailable_error", "", reason);
  }

  /** 504: a model server did not answer in time. */
  public static ErrorBody gatewayTimeout(String message) {
    return new ErrorBody(504, message, "timeout_error", "", "gateway_timeout");
  }

  /** The body of the answer, as JSON in UTF-8. */
  public byte[] toJson() {
    var bytes = new ByteArrayOutputStream(256);
    try (var json = FACTORY.createGenerator(ObjectWriteContext.empty(), bytes)) {
      json.writeStartObject();
      if (form == ErrorForm.ANTHROPIC) {
        json.writeName("type");
        json.writeString("error");
      }
      json.writeName("error");
      json.writeStartObject();
      json.writeName("message");
      json.writeString(message);
      json.writeName("type");
      json.writeString(form == ErrorForm.ANTHROPIC ? anthropicType() : type);
      stringOrNull(json, "param", param);
      stringOrNull(json, "code", code);
      json.writeEndObject();
      json.writeEndObject();
    }
    return bytes.toByteArray();
  }

  /** Anthropic's clients choose the class of the error by these names. */
  private String anthropicType() {
    return switch (status) {
      case 401 -> "authentication_error";
      case 403 -> "permission_error";
      case 404 -> "not_found_error";
      case 413 -> "request_too_large";
      case 429 -> "rate_limit_error";
      case 503 -> "overloaded_error";
      case 504 -> "timeout_error";
      default -> status < 500 ? "invalid_request_error" : "api_error";
    };
  }

  private static void stringOrNull(JsonGenerator json, String name, String value) {
    json.writeName(name);
    if (value.isEmpty()) {
      json.writeNull();
    } else {
      json.writeString(value);
    }
  }
}
