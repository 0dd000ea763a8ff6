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
  private static final String CANCELLED = "rejected-context-cancelled";

  /**
   * The longest {@code Retry-After} in seconds that the official SDKs obey. Those of OpenAI and
   * Anthropic for Python ignore a longer one and come back within 8 s; recent ones of OpenAI give
   * up beyond 2 minutes.
   */
  private static final long LONGEST_ADVICE_SECONDS = 60;

  /** Callers that would be told more are spread over so many seconds before the longest advice. */
  private static final long SPREAD_SECONDS = 15;

  /** Another instance can serve the request as soon as the client connects to it. */
  private static final Duration SHUTDOWN_ADVICE = Duration.ofSeconds(1);

  /** In this time a health check can find an endpoint again. */
  private static final Duration NO_ENDPOINTS_ADVICE = Duration.ofSeconds(5);

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
    return noEndpoints("no endpoints available: ", detail, Duration.ZERO);
  }

  private static Refusal noEndpoints(String message, String detail, Duration retryAfter) {
    var advice = retryAfter.isZero() ? NO_ENDPOINTS_ADVICE : retryAfter;
    return unavailable(message + detail, NO_ENDPOINTS, advice);
  }

  /** 503: this instance is being shut down. */
  public static Refusal shuttingDown(String detail) {
    return unavailable("flow controller shutting down: " + detail, SHUTTING_DOWN, SHUTDOWN_ADVICE);
  }

  /**
   * Whether the connection should be closed after the answer, so that the client's next request
   * goes to another instance.
   */
  public boolean closesConnection() {
    return reason.equals(SHUTTING_DOWN);
  }

  /**
   * The value of {@code x-should-retry}, which the official SDKs obey: true if nothing was done for
   * the request and it may succeed later; false if it would be refused again; empty if the answer
   * does not tell, because a model server may have begun to serve the request.
   */
  public String shouldRetry() {
    return switch (error.status()) {
      case 408, 429, 503 -> "true";
      case 500, 502, 504 -> "";
      default -> error.status() < 500 ? "false" : "";
    };
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
      case NO_ENDPOINTS -> noEndpoints("no endpoints available: ", detail, rejected.retryAfter());
      case SHUTTING_DOWN -> shuttingDown(detail);
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
          noEndpoints(
              "request timed out in queue and no endpoints are available: ",
              detail,
              evicted.retryAfter());
      case SHUTTING_DOWN -> shuttingDown(detail);
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

  /** The duration in seconds, rounded up; at most as much as SDKs obey. */
  private static long wholeSeconds(Duration duration) {
    if (duration.isZero()) {
      return 0;
    }
    var seconds = Math.max(1, duration.plusNanos(999_999_999).toSeconds());
    return seconds <= LONGEST_ADVICE_SECONDS
        ? seconds
        : LONGEST_ADVICE_SECONDS - seconds % SPREAD_SECONDS;
  }
}
