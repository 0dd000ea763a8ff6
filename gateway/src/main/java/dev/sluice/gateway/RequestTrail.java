package dev.sluice.gateway;

import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.QueueOutcome;
import dev.sluice.flowcontrol.types.Usage;
import dev.sluice.serving.identity.Identity;
import dev.sluice.serving.refusal.Refusal;
import java.time.Instant;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The times and facts of one request while it lives, and its {@link RequestReport} when it ends. A
 * request that failed is also logged, in one line. Refusals of flow control are not failures: the
 * metrics count them. Lives on the event loop of its exchange.
 */
final class RequestTrail {
  private static final Logger LOG = LoggerFactory.getLogger(RequestTrail.class);
  private static final long NONE = RequestReport.NONE;
  private static final int SERVER_ERROR = 500;

  private final String id;
  private final Identity.Known identity;
  private final Instant arrived = Instant.now();
  private final long arrivedAt = System.nanoTime();

  private @Nullable FlowControlRequest request;
  private String outcome = RequestReport.NOT_OFFERED;
  private String endpoint = "";
  private int status;
  private String reason = "";
  private String detail = "";
  private long offered = NONE;
  private long decided = NONE;
  private long firstToken = NONE;
  private boolean answerComplete;
  private boolean reported;

  /** The trail of a request whose head has just been read. */
  RequestTrail(String id, Identity.Known identity) {
    this.id = id;
    this.identity = identity;
  }

  /** The arrival, as a reading of {@code System.nanoTime}, which is also the engine's clock. */
  long arrivedAtNanos() {
    return arrivedAt;
  }

  /** The body is complete, and flow control is asked now. */
  void offered(FlowControlRequest offer) {
    request = offer;
    outcome = QueueOutcome.NOT_YET_FINALIZED.label();
    offered = sinceArrival();
  }

  /** Flow control decided. The wait is the engine's own, because the news may come late. */
  void decided(Admission admission) {
    outcome = admission.outcome().label();
    decided = Math.min(offered + admission.waited().toNanos(), sinceArrival());
  }

  /** The request goes to this endpoint. */
  void sentTo(String endpointId) {
    endpoint = endpointId;
  }

  /** The attempt at the endpoint failed; another may follow. */
  void attemptFailed(Throwable cause) {
    detail = cause.toString();
  }

  /** The head of the answer arrived. */
  void answered(int statusCode) {
    status = statusCode;
    detail = "";
  }

  /** An event with content passed. Only the first one counts. */
  void tokenPassed() {
    if (firstToken == NONE) {
      firstToken = sinceArrival();
    }
  }

  /** The whole answer has arrived. A client that closes from now on has not left early. */
  void answerCompleted() {
    answerComplete = true;
  }

  /** The endpoint did not finish its answer. */
  void brokenOff(Throwable cause) {
    reason = RequestReport.BROKEN_OFF;
    detail = cause.toString();
  }

  /** The client is answered with an error of the gateway's own. */
  void refused(Refusal refusal) {
    status = refusal.error().status();
    reason = refusal.reason().isEmpty() ? refusal.error().code() : refusal.reason();
    detail = refusal.error().message() + (detail.isEmpty() ? "" : " (" + detail + ")");
  }

  /** The client closed its connection or stream, or left its answer unread for too long. */
  void clientLeft() {
    if (!answerComplete && reason.isEmpty()) {
      reason = RequestReport.CLIENT_LEFT;
    }
  }

  /**
   * Reports the request, which has just ended. Never throws; does nothing from the second call on.
   *
   * @param answer the endpoint's answer; null if there was none
   */
  void end(@Nullable AnswerStream answer, Consumer<RequestReport> reports) {
    if (reported) {
      return;
    }
    reported = true;
    try {
      if (outcome.equals(QueueOutcome.NOT_YET_FINALIZED.label())) { // it ended while it waited
        outcome = QueueOutcome.EVICTED_CONTEXT_CANCELLED.label();
        decided = sinceArrival();
      }
      var report = report(answer == null ? Usage.NONE : answer.reported().orElse(answer.seen()));
      if (hasFailed()) {
        LOG.warn(
            "Request {} of tenant {} for model {} failed after {} ms at endpoint {}: status {}, {}",
            id,
            report.tenant(),
            orNone(report.model()),
            report.totalNanos() / 1_000_000,
            orNone(endpoint),
            status,
            detail.isEmpty() ? "as the endpoint answered" : reason + ": " + detail);
      }
      reports.accept(report);
    } catch (RuntimeException e) {
      LOG.error("Request {} ended and could not be reported", id, e);
    }
  }

  private boolean hasFailed() {
    if (reason.equals(RequestReport.CLIENT_LEFT)) {
      return false;
    }
    return reason.equals(RequestReport.BROKEN_OFF)
        || (status == SERVER_ERROR && offered != NONE)
        || (status > SERVER_ERROR && outcome.equals(QueueOutcome.DISPATCHED.label()));
  }

  private RequestReport report(Usage used) {
    var flow = identity.flow();
    var estimate = request == null ? 0 : request.inputTokens();
    var needs = request == null ? null : request.eligibility();
    return new RequestReport(
        id,
        arrived,
        identity.tenant(),
        flow,
        needs == null ? "" : needs.model(),
        needs == null ? "" : needs.adapter(),
        endpoint,
        status,
        outcome,
        reason,
        used.inputTokens() > 0 ? used.inputTokens() : estimate,
        used.cachedInputTokens(),
        used.outputTokens(),
        request == null ? NONE : given(request.maxOutputTokens()),
        request == null ? NONE : given(request.sloNanos()),
        request == null ? NONE : given(request.ttlNanos()),
        request == null ? 0 : request.sizeBytes(),
        offered,
        decided,
        firstToken,
        sinceArrival());
  }

  private long sinceArrival() {
    return System.nanoTime() - arrivedAt;
  }

  private static long given(long value) {
    return value == FlowControlRequest.UNSET ? NONE : value;
  }

  private static String orNone(String name) {
    return name.isEmpty() ? "(none)" : name;
  }
}
