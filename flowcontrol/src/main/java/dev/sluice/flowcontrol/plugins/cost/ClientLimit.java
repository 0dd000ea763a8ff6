package dev.sluice.flowcontrol.plugins.cost;

import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.reading.Checks;
import dev.sluice.flowcontrol.types.FlowControlRequest;

/**
 * Expects that a request generates all that its sender allows. For comparison: senders allow far
 * more than they use, so what a flow is refunded at completion is large, and so is the service gap
 * between flows. Stateless. Type {@code limit}.
 */
public final class ClientLimit implements OutputPredictor {

  /**
   * Parameters of {@code limit}. Immutable.
   *
   * @param priorTokens the tokens expected of a request without a limit, at least 0. Set it to the
   *     usual length of an answer
   */
  public record Parameters(long priorTokens) {

    /** 256 tokens. */
    public static final Parameters DEFAULT = new Parameters(256);

    /** Rejects a negative count. */
    public Parameters {
      new Checks().notNegative("priorTokens", priorTokens).done();
    }
  }

  private final long priorTokens;

  /** A predictor with these parameters. */
  public ClientLimit(Parameters parameters) {
    priorTokens = parameters.priorTokens();
  }

  @Override
  public long predict(FlowControlRequest request) {
    var limit = request.maxOutputTokens();
    return limit == FlowControlRequest.UNSET ? priorTokens : limit;
  }

  @Override
  public void observe(FlowControlRequest request, long outputTokens) {}
}
