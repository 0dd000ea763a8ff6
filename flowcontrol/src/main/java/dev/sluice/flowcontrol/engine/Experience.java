package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.registry.FlowQueue;
import dev.sluice.flowcontrol.structures.Recent;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.Usage;
import org.jspecify.annotations.Nullable;

/**
 * What is learned from requests whose usage is known, for those whose usage is not.
 *
 * <p><b>Prompts.</b> A request says how large its prompt is by an estimate, such as its bytes
 * divided by four. For code, for Chinese or for images the estimate is steadily wrong, and a wrong
 * estimate is a loan: it is charged at dispatch and repaid at completion, and whichever tenant is
 * repaid first goes first, until its service has made up for the error. So the ratio of used to
 * estimated prompt tokens is learned for each tenant and model. A tenant that is new to a model
 * starts from the model's ratio, a new model from 1.
 *
 * <p><b>Pace.</b> The tokens that a request of a model generates in a second, from its dispatch to
 * its end: waiting on the server and reading the prompt are included. The pace is learned from all
 * tenants of the model together, by time, so a tenant whose requests are short or strange hardly
 * moves it. It says what a request may have generated whose usage nobody knows.
 *
 * <p>Memory is bounded whatever names clients invent: beyond {@link #MOST} pairs of tenant and
 * model, or as many models, those not used for long are forgotten. Only requests that ended with a
 * known usage leave anything here, never those that were refused. What is known stands in the
 * flow's queue as well, so a request needs no look-up but the first of its queue. O(1), counted
 * over many calls.
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

  private record Name(String tenant, String model) {}

  private static final class OfModel extends Recent.Entry<String> {
    final LearnedRatio prompts = new LearnedRatio(NEWEST);
    final LearnedRatio pace = new LearnedRatio(NEWEST);

    OfModel(String model) {
      super(model);
    }
  }

  /** What is known of a tenant's requests for a model. Kept once one of them has ended. */
  private static final class OfTenant extends Recent.Entry<Name> {
    final LearnedRatio prompts = new LearnedRatio(NEWEST);
    @Nullable OfModel ofModel;
    long lookedUpAt;

    OfTenant(Name name) {
      super(name);
    }

    long promptTokens(FlowControlRequest request) {
      var ratio = prompts.isKnown() || ofModel == null ? prompts : ofModel.prompts;
      if (!ratio.isKnown()) {
        return request.inputTokens();
      }
      return Math.min(Usage.MOST_TOKENS, Math.round(estimated(request) * ratio.value()));
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
   * that are not in its cache.
   */
  static long uncachedPromptTokens(FlowQueue queue, FlowControlRequest request) {
    var tokens =
        queue.pricingState() instanceof OfTenant known
                && known.key().model().equals(request.eligibility().model())
            ? known.promptTokens(request)
            : request.inputTokens();
    return tokens - request.cachedPartOf(tokens);
  }

  /** The tokens that a request of this model generates in so much of its running time. */
  long generated(PendingRequest request, long nanos) {
    var ofModel = of(request).ofModel;
    var pace =
        ofModel != null && ofModel.pace.isKnown() ? ofModel.pace.value() : PRIOR_TOKENS_PER_NANO;
    return (long) Math.min((double) Usage.MOST_TOKENS, Math.max(0, nanos) * pace);
  }

  /** Learns from a request that used so much, which is not nothing, in so much running time. */
  void learn(PendingRequest request, Usage used, long ranNanos) {
    var asked = request.request();
    var known = kept(of(request));
    var ofModel = kept(known, asked.eligibility().model());
    if (used.inputTokens() > 0) {
      known.prompts.learn((double) used.inputTokens(), estimated(asked));
      ofModel.prompts.learn((double) used.inputTokens(), estimated(asked));
    }
    if (ranNanos > 0) {
      ofModel.pace.learn((double) used.outputTokens(), (double) ranNanos);
    }
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
