package dev.sluice.serving.offer;

import dev.sluice.endpoints.models.ServedModel;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.Usage;
import dev.sluice.inference.BodySplice;
import dev.sluice.inference.ErrorBody;
import dev.sluice.inference.RequestScan;
import dev.sluice.inference.RequestScanner;
import dev.sluice.inference.ScanResult;
import dev.sluice.inference.TokenEstimator;
import dev.sluice.serving.identity.Identity;
import dev.sluice.serving.refusal.Refusal;
import dev.sluice.serving.route.Route;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Reads a request and makes the offer to flow control: the flow, the size, the tokens, the longest
 * wait, and the needs that an endpoint must serve. Thread-safe if the estimator and the predicate
 * are. O(bytes of the body).
 */
public final class OfferMaker {
  /** More sequences count as so many: their tokens are beyond counting anyway. */
  private static final long MOST_SEQUENCES = 1 << 20;

  private final RequestScanner scanner = new RequestScanner();
  private final TokenEstimator estimator;
  private final Predicate<String> isServed;
  private final Supplier<List<ServedModel>> models;
  private final boolean askForUsage;

  /**
   * A maker of offers.
   *
   * @param estimator guesses the prompt's tokens
   * @param isServed whether any endpoint, healthy or not, has the model of this name
   * @param models the models that the pool is known to have, for requests that name none
   * @param askForUsage whether a stream is made to report its usage if its client did not ask
   */
  public OfferMaker(
      TokenEstimator estimator,
      Predicate<String> isServed,
      Supplier<List<ServedModel>> models,
      boolean askForUsage) {
    this.estimator = estimator;
    this.isServed = isServed;
    this.models = models;
    this.askForUsage = askForUsage;
  }

  /**
   * Makes the offer for a request whose body is complete.
   *
   * @param id the name of the request in logs and events
   * @param route the operation, or that the body is not read but passed on as it is
   * @param body the body's pieces; their positions stay as they are
   */
  public Offer make(
      String id, Identity.Known identity, Route.Proxied route, List<ByteBuffer> body) {
    return switch (route) {
      case Route.Unread ignored ->
          new Offer.Ready(
              request(id, identity).sizeBytes(sizeBytes(body)).build(), BodySplice.NONE, false);
      case Route.Read(var target, var kind, var contentType) ->
          switch (scanner.scan(kind, contentType, body)) {
            case ScanResult.Invalid invalid -> refused(invalid.toErrorBody());
            case ScanResult.Ok(var scan) -> read(request(id, identity), scan);
          };
    };
  }

  private Offer read(FlowControlRequest.Builder request, RequestScan scan) {
    if (scan.model().isEmpty()) {
      return withoutModel(request, scan);
    }
    return isServed.test(scan.model())
        ? inference(request, scan, Eligibility.ofModel(scan.model()))
        : refused(ErrorBody.modelNotFound(scan.model()));
  }

  /** A server with one model serves requests that name none, so a pool with one model does too. */
  private Offer withoutModel(FlowControlRequest.Builder request, RequestScan scan) {
    var bases = models.get().stream().filter(model -> !model.isAdapter()).toList();
    return switch (bases.size()) {
      case 0 -> inference(request, scan, Eligibility.ANY);
      case 1 -> inference(request, scan, Eligibility.ofModel(bases.getFirst().id()));
      default ->
          refused(
              ErrorBody.invalidRequest(
                  "Missing required parameter: 'model'. The pool has several models.",
                  "model",
                  ScanResult.MISSING_PARAMETER));
    };
  }

  private static Offer refused(ErrorBody error) {
    return new Offer.Refused(Refusal.of(error));
  }

  /** The client's limit is for each answer to each prompt. */
  private static long mostOutputTokens(RequestScan scan) {
    return Math.min(scan.maxOutputTokens(), Usage.MOST_TOKENS)
        * Math.min(scan.sequences(), MOST_SEQUENCES);
  }

  private static long sizeBytes(List<ByteBuffer> body) {
    return body.stream().mapToLong(ByteBuffer::remaining).sum();
  }

  private static FlowControlRequest.Builder request(String id, Identity.Known identity) {
    var request = FlowControlRequest.builder(id, identity.flow()).tenant(identity.tenant());
    if (!identity.timeToLive().isNegative()) {
      request.timeToLive(identity.timeToLive());
    }
    if (!identity.sloTarget().isNegative()) {
      request.sloTarget(identity.sloTarget());
    }
    return request;
  }

  private Offer inference(
      FlowControlRequest.Builder request, RequestScan scan, Eligibility eligibility) {
    var splice = askForUsage && scan.stream() ? scan.usageSplice() : BodySplice.NONE;
    request
        .sizeBytes(scan.bodyBytes() + splice.growth())
        .inputTokens(estimator.inputTokens(scan))
        .hasMedia(scan.mediaParts() > 0)
        .eligibility(eligibility);
    if (!scan.kind().generates()) {
      request.maxOutputTokens(0);
    } else if (scan.hasMaxOutputTokens()) {
      request.maxOutputTokens(mostOutputTokens(scan));
    }
    return new Offer.Ready(request.build(), splice, true);
  }
}
