package dev.sluice.serving.refusal;

import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.inference.ErrorBody;
import dev.sluice.inference.ErrorForm;
import java.time.Duration;

/**
 * The answer to a request that is not served: upstream's status codes and reasons, and the reasons
 * that Sluice adds. Immutable.
 *
 * @param error the status and the body
 * @param reason the value of {@value #REASON_HEADER}; empty for none
 * @param retryAfterSeconds the value of {@code Retry-After}; 0 for none
 */
public record Refusal(ErrorBody error, String reason, long retryAfterSeconds) {
  /** The response header that names the reason. */
  public static final String REASON_HEADER = "x-llm-d-request-dropped-reason";

  private static final String SATURATED = "rejected-saturated";
  private static final String NO_ENDPOINTS = "rejected-no-endpoints";
  private static final String TTL_EXPIRED = "rejected-ttl-expired";
  private static final String SHUTTING_DOWN = "rejected-shutting-down";

  /** Long enough for some health checks; nobody can know when an endpoint comes back. */
  private static final Duration WITHOUT_ENDPOINTS = Duration.ofSeconds(5);

  private static final String CANCELLED = "rejected-context-cancelled";

  /** An error without a reason header. */
  public static Refusal of(ErrorBody error) {
    return new Refusal(error, "", 0);
  }

  /** The same refusal with its body in another form. */
  public Refusal in(ErrorForm form) {
    return new Refusal(error.in(form), reason, retryAfterSeconds);
  }

  /**
   * 429: the gateway's memory for bodies or every endpoint's {@code maxRequests} is used up. The
   * client may come again in a second.
   */
  public static Refusal saturated(String detail) {
    return tooMany(detail, SATURATED, Duration.ofSeconds(1));
  }

  /** 503: no endpoint can take the request. The client may come again in some seconds. */
  public static Refusal noEndpoints(String detail) {
    return unavailable("no endpoints available: " + detail, NO_ENDPOINTS, WITHOUT_ENDPOINTS);
  }

  /** The answer to a request that was never queued. */
  public static Refusal of(Admission.Rejected rejected) {
    var detail = rejected.detail();
    return switch (rejected.reason()) {
      case CAPACITY -> tooMany(detail, SATURATED, rejected.retryAfter());
      case FLOW_LIMIT -> tooMany(detail, "rejected-flow-limit", rejected.retryAfter());
      case EXPIRED ->
          tooMany("request timed out in queue: " + detail, TTL_EXPIRED, rejected.retryAfter());
      case WOULD_EXPIRE ->
          tooMany(
              "request would time out in queue: " + detail,
              "rejected-would-expire",
              rejected.retryAfter());
      case NO_ENDPOINTS -> noEndpoints(detail);
      case SHUTTING_DOWN ->
          unavailable("flow controller shutting down: " + detail, SHUTTING_DOWN, Duration.ZERO);
      case OTHER -> of(ErrorBody.internal("internal flow control error: " + detail));
    };
  }

  /** The answer to a request that was taken out of its queue before it was dispatched. */
  public static Refusal of(Admission.Evicted evicted) {
    var detail = evicted.detail();
    return switch (evicted.reason()) {
      case EXPIRED ->
          tooMany("request timed out in queue: " + detail, TTL_EXPIRED, evicted.retryAfter());
      case DISPLACED -> tooMany(detail, "evicted-displaced", evicted.retryAfter());
      case NO_ENDPOINTS ->
          unavailable(
              "request timed out in queue and no endpoints are available: " + detail,
              NO_ENDPOINTS,
              WITHOUT_ENDPOINTS);
      case SHUTTING_DOWN ->
          unavailable("flow controller shutting down: " + detail, SHUTTING_DOWN, Duration.ZERO);
      case CANCELLED -> unavailable("client disconnected: " + detail, CANCELLED, Duration.ZERO);
      case OTHER -> of(ErrorBody.internal("internal flow control error: " + detail));
    };
  }

  private static Refusal tooMany(String message, String reason, Duration retryAfter) {
    return new Refusal(ErrorBody.rateLimited(message, reason), reason, wholeSeconds(retryAfter));
  }

  private static Refusal unavailable(String message, String reason, Duration retryAfter) {
    return new Refusal(ErrorBody.unavailable(message, reason), reason, wholeSeconds(retryAfter));
  }

  /** The duration in seconds, rounded up. */
  private static long wholeSeconds(Duration duration) {
    return duration.isZero() ? 0 : Math.max(1, duration.plusNanos(999_999_999).toSeconds());
  }
}
