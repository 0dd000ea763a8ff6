package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.registry.FlowQueue;
import dev.sluice.flowcontrol.structures.Ranges;
import dev.sluice.flowcontrol.structures.Recent;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.Usage;
import org.jspecify.annotations.Nullable;

/**
 * What is learned from requests whose usage is known, for requests whose usage is not known.
 *
 * <p><b>Prompts.</b> A request states the size of its prompt by an estimate, such as its bytes
 * divided by four. For code, for Chinese or for images the estimate is steadily wrong. A wrong
 * estimate is a loan: it is charged at dispatch and repaid at completion. The tenant that is repaid
 * first goes first, until its service has made up for the error. So the ratio of used to estimated
 * prompt tokens is learned for each tenant and model, for prompts with media apart from those
 * without. A tenant that is new to a model starts from the model's ratio, and a new model starts
 * from 1.
 *
 * <p><b>Pace.</b> The pace says how much a request may have generated whose usage is unknown. It is
 * the work that a request does in a second, from its dispatch to its end:
 *
 * <pre>
 *   work       generated tokens + uncached prompt tokens / 100
 *   generated  pace * time - uncached prompt tokens / 100, at least 0
 *   pace       of the tenant and model, but at least the model's or 50 tokens a second, whichever
 *              is slower; of a tenant that is new to the model, the model's
 * </pre>
 *
 * <p>A prompt token counts because reading a long prompt takes time. Otherwise a few long prompts
 * with short answers would make the pace slow, and leaving early cheap.
 *
 * <p><b>Whose evidence.</b> A tenant that is known is priced by its own requests alone; the bound
 * on its pace keeps it from making its own departures cheap. What is known of a model matters until
 * a tenant's first answer. There no tenant counts twice in a row, so a tenant with many strange
 * requests has half of the say at most.
 *
 * <p>Memory is bounded whatever names clients invent: beyond {@link #MOST} pairs of tenant and
 * model, or as many models, those not used for long are forgotten. Only requests that ended with a
 * known usage leave a trace here; refused requests do not. A flow's queue keeps what is known of
 * its tenant and model. So only the first request of a queue needs a look-up, and pricing the next
 * one allocates nothing. Before the tenant's first answer, its entry is looked up again whenever an
 * entry of another tenant or model was added. O(1), counted over many calls.
 */
final class Experience {

  /** The most pairs of tenant and model, and the most models, that are remembered. */
  static final int MOST = 10_000;

  /**
   * The least weight of the newest request. A larger one would follow changes faster, and would be
   * wrong by more where a tenant mixes prompts of different kinds, such as text and images.
   */
  static final double NEWEST = 0.05;

  /** The pace of a model of which nothing is known: a token in 20 ms. */
  static final double PRIOR_TOKENS_PER_NANO = 1 / 20e6;

  /** The prompt tokens that a server reads in the time in which it generates a token. */
  static final double PROMPT_TOKENS_PER_GENERATED = 100;

  private record Name(String tenant, String model) {}

  /** Used over estimated prompt tokens, of prompts with media and of those without. */
  private static final class PromptRatios {
    private final LearnedRatio plain = new LearnedRatio(NEWEST);
    private final LearnedRatio withMedia = new LearnedRatio(NEWEST);

    LearnedRatio of(FlowControlRequest request) {
      return request.hasMedia() ? withMedia : plain;
    }
  }

  private static final class OfModel extends Recent.Entry<String> {
    final PromptRatios prompts = new PromptRatios();
    final LearnedRatio pace = new LearnedRatio(NEWEST);

    /** The tenant that this was learned from last. */
    private @Nullable OfTenant last;

    /** Whether this was learned from several tenants. */
    private boolean isShared;

    OfModel(String model) {
      super(model);
    }

    /** Whether a tenant's turn to be learned from has come. */
    boolean takesFrom(OfTenant tenant) {
      var isAgain = last == tenant;
      isShared |= last != null && !isAgain;
      last = tenant;
      return !isAgain || !isShared;
    }
  }

  /** What is known of a tenant's requests for a model. Kept once one of them has ended. */
  private static final class OfTenant extends Recent.Entry<Name> {
    final PromptRatios prompts = new PromptRatios();
    final LearnedRatio pace = new LearnedRatio(NEWEST);
    @Nullable OfModel ofModel;
    long lookedUpAt;

    OfTenant(Name name) {
      super(name);
    }

    long promptTokens(FlowControlRequest request) {
      var own = prompts.of(request);
      var ratio = own.isKnown() || ofModel == null ? own : ofModel.prompts.of(request);
      if (!ratio.isKnown()) {
        return request.inputTokens();
      }
      return Math.min(Usage.MOST_TOKENS, Math.round(estimated(request) * ratio.value()));
    }

    double workPerNano() {
      var ofAll =
          ofModel != null && ofModel.pace.isKnown() ? ofModel.pace.value() : PRIOR_TOKENS_PER_NANO;
      return pace.isKnown()
          ? Math.max(pace.value(), Math.min(ofAll, PRIOR_TOKENS_PER_NANO))
          : ofAll;
    }
  }

  private final Recent<Name, OfTenant> tenants = new Recent<>(MOST);
  private final Recent<String, OfModel> models = new Recent<>(MOST);

  /** The prompt tokens that a request is expected to have. */
  long promptTokens(PendingRequest request) {
    return of(request).promptTokens(request.request());
  }

  /**
   * The prompt tokens that a server is expected to read of a request that was priced before: those
   * that are not in its cache. At most those of the request's own estimate.
   */
  static long uncachedPromptTokens(FlowQueue queue, FlowControlRequest request) {
    var tokens =
        queue.pricingState() instanceof OfTenant known
                && known.key().model().equals(request.eligibility().model())
            ? Math.min(known.promptTokens(request), request.inputTokens())
            : request.inputTokens();
    return tokens - request.cachedPartOf(tokens);
  }

  /**
   * The tokens that a request has generated.
   *
   * @param nanos the time that it took for them
   * @param uncachedPrompt the prompt tokens that it read in that time
   */
  long generated(PendingRequest request, long nanos, long uncachedPrompt) {
    var work = Math.max(0, nanos) * of(request).workPerNano();
    var generated = work - uncachedPrompt / PROMPT_TOKENS_PER_GENERATED;
    return (long) Ranges.clamp(generated, 0.0, (double) Usage.MOST_TOKENS);
  }

  /** Learns from a request that used so much, which is not nothing, in so much running time. */
  void learn(PendingRequest request, Usage used, long ranNanos) {
    var asked = request.request();
    var known = kept(of(request));
    var ofModel = kept(known, asked.eligibility().model());
    var isModelsTurn = ofModel.takesFrom(known);
    if (used.inputTokens() > 0) {
      var counted = (double) used.inputTokens();
      known.prompts.of(asked).learn(counted, estimated(asked));
      if (isModelsTurn) {
        ofModel.prompts.of(asked).learn(counted, estimated(asked));
      }
    }
    if (ranNanos > 0) {
      var work = work(used);
      known.pace.learn(work, (double) ranNanos);
      if (isModelsTurn) {
        ofModel.pace.learn(work, (double) ranNanos);
      }
    }
  }

  private static double work(Usage used) {
    return used.outputTokens()
        + (used.inputTokens() - used.cachedInputTokens()) / PROMPT_TOKENS_PER_GENERATED;
  }

  /** A prompt of which nothing was estimated counts as one token, so that its size is learned. */
  private static double estimated(FlowControlRequest request) {
    return Math.max(1, request.inputTokens());
  }

  /**
   * What is known of the request's tenant and model, kept or not; with what is known of the model.
   */
  private OfTenant of(PendingRequest request) {
    var queue = request.queue();
    var model = request.request().eligibility().model();
    if (queue.pricingState() instanceof OfTenant known
        && known.key().model().equals(model)
        && (known.isKept() || known.lookedUpAt == additions())) {
      return known;
    }
    return lookUp(queue, model);
  }

  private OfTenant lookUp(FlowQueue queue, String model) {
    var name = new Name(queue.flow().tenantId(), model);
    var known = tenants.get(name);
    if (known == null) {
      known =
          queue.pricingState() instanceof OfTenant before && before.key().equals(name)
              ? before
              : new OfTenant(name);
    }
    if (known.ofModel == null) {
      known.ofModel = models.get(model);
    }
    known.lookedUpAt = additions();
    queue.pricingState(known);
    return known;
  }

  private OfTenant kept(OfTenant known) {
    known.use();
    return known.isKept() ? known : tenants.add(known);
  }

  private OfModel kept(OfTenant known, String model) {
    var ofModel = known.ofModel;
    if (ofModel == null || !ofModel.isKept()) {
      var other = models.get(model);
      ofModel = other != null ? other : models.add(ofModel == null ? new OfModel(model) : ofModel);
      known.ofModel = ofModel;
    }
    ofModel.use();
    return ofModel;
  }

  private long additions() {
    return tenants.additions() + models.additions();
  }

  /** How many pairs of tenant and model, and models, are remembered. */
  int size() {
    return tenants.size() + models.size();
  }
}
