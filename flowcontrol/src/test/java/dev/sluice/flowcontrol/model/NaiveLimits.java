package dev.sluice.flowcontrol.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The limits on queued requests and bytes; 0 means no limit. */
final class NaiveLimits {
  private final NaiveState state;

  NaiveLimits(NaiveState state) {
    this.state = state;
  }

  /** Names the limit of tenant, flow or band that the newcomer would exceed; null if none. */
  @Nullable String refusal(NaiveRequest newcomer) {
    var tenant = state.knobs.tenant(newcomer.tenant);
    var ofTenant = state.queued(r -> r.tenant.equals(newcomer.tenant));
    if (!fits(ofTenant, newcomer, tenant.maxQueued(), tenant.maxBytes())) {
      return "FLOW_LIMIT";
    }
    var band = state.knobs.band(newcomer.priority());
    var ofFlow = state.queued(r -> r.flow.equals(newcomer.flow));
    if (!fits(ofFlow, newcomer, band.maxRequestsPerFlow(), band.maxBytesPerFlow())) {
      return "FLOW_LIMIT";
    }
    var ofBand = state.queued(r -> r.priority() == newcomer.priority());
    if (!fits(ofBand, newcomer, band.maxRequests(), band.maxBytes())) {
      return full();
    }
    return exceeds(state.knobs.admissionMaxBytes(), newcomer.sizeBytes()) ? full() : null;
  }

  /** True if the total limits leave a place for the newcomer. */
  boolean fits(NaiveRequest newcomer) {
    return fitsBeside(state.queued, newcomer);
  }

  /** True if the newcomer fits once every request of a lower band is displaced. */
  boolean displacementHelps(NaiveRequest newcomer) {
    return state.knobs.displacement()
        && fitsBeside(state.queued(r -> r.priority() >= newcomer.priority()), newcomer);
  }

  /** The reason of a refusal for lack of places. */
  String full() {
    return state.isPoolEmpty() ? "NO_ENDPOINTS" : "CAPACITY";
  }

  private boolean fitsBeside(List<NaiveRequest> queued, NaiveRequest newcomer) {
    return fits(queued, newcomer, state.knobs.maxRequests(), state.knobs.maxBytes());
  }

  private static boolean fits(
      List<NaiveRequest> queued, NaiveRequest newcomer, long maxRequests, long maxBytes) {
    return !exceeds(maxRequests, queued.size() + 1)
        && !exceeds(maxBytes, NaiveState.bytes(queued) + newcomer.sizeBytes());
  }

  private static boolean exceeds(long limit, long value) {
    return limit > 0 && value > limit;
  }
}
