package dev.sluice.gateway;

import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.inference.ErrorBody;
import java.time.Duration;

/**
 * How a refusal reads over HTTP: upstream's status codes and reasons, with ours beside them.
 *
 * @param error status and body
 * @param reason the value of {@value #REASON_HEADER}; empty for none
 * @param retryAfterSeconds the value of {@code Retry-After}; 0 for none
 */
record Refusal(ErrorBody error, String reason, long retryAfterSeconds) {
  static final String REASON_HEADER = "x-llm-d-request-dropped-reason";
  static final String SATURATED = "rejected-saturated";
  static final String NO_ENDPOINTS = "rejected-no-endpoints";
  private static final String TTL_EXPIRED = "rejected-ttl-expired";
  private static final String SHUTTING_DOWN = "rejected-shutting-down";
  private static final String CANCELLED = "rejected-context-cancelled";

  /** An error without a reason: it was not flow control's doing. */
  static Refusal of(ErrorBody error) {
    return new Refusal(error, "", 0);
  }

  /** No memory or no room: the client may come again soon. */
  static Refusal saturated(String detail) {
    return tooMany(detail, SATURATED, Duration.ofSeconds(1));
  }

  /** No endpoint can take the request. */
  static Refusal noEndpoints(String detail) {
    return unavailable("no endpoints available: " + detail, NO_ENDPOINTS);
  }

  static Refusal of(Admission.Rejected rejected) {
    var detail = rejected.detail();
    return switch (rejected.reason()) {
      case CAPACITY -> tooMany(detail, SATURATED, rejected.retryAfter());
      case FLOW_LIMIT -> tooMany(detail, "rejected-flow-limit", rejected.retryAfter());
      case EXPIRED ->
          tooMany("request timed out in queue: " + detail, TTL_EXPIRED, rejected.retryAfter());
      case NO_ENDPOINTS -> noEndpoints(detail);
      case SHUTTING_DOWN -> unavailable("flow controller shutting down: " + detail, SHUTTING_DOWN);
      case OTHER -> of(ErrorBody.internal("internal flow control error: " + detail));
    };
  }

  static Refusal of(Admission.Evicted evicted) {
    var detail = evicted.detail();
    return switch (evicted.reason()) {
      case EXPIRED ->
          tooMany("request timed out in queue: " + detail, TTL_EXPIRED, evicted.retryAfter());
      case DISPLACED -> tooMany(detail, "evicted-displaced", evicted.retryAfter());
      case NO_ENDPOINTS ->
          unavailable(
              "request timed out in queue and no endpoints are available: " + detail, NO_ENDPOINTS);
      case SHUTTING_DOWN -> unavailable("flow controller shutting down: " + detail, SHUTTING_DOWN);
      case CANCELLED -> unavailable("client disconnected: " + detail, CANCELLED);
      case OTHER -> of(ErrorBody.internal("internal flow control error: " + detail));
    };
  }

  private static Refusal tooMany(String message, String reason, Duration retryAfter) {
    return new Refusal(ErrorBody.rateLimited(message, reason), reason, seconds(retryAfter));
  }

  private static Refusal unavailable(String message, String reason) {
    return new Refusal(ErrorBody.unavailable(message, reason), reason, 0);
  }

  private static long seconds(Duration duration) {
    return duration.isZero() ? 0 : Math.max(1, duration.plusNanos(999_999_999).toSeconds());
  }
}
