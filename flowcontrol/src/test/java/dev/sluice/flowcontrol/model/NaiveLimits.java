package dev.sluice.flowcontrol.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The limits on queued requests and bytes; 0 means no limit. */
final class NaiveLimits {
  private final NaiveState state;

  NaiveLimits(NaiveState state) {
    this.state = state;
  }

  /** Names the limit of tenant or flow that the newcomer would exceed; null if none. */
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
    return null;
  }

  boolean isBandFull(NaiveRequest newcomer) {
    return !fitsInBand(state.queued, newcomer);
  }

  /** True if the queue-admission policy that goes by size refuses the newcomer. */
  boolean isTooLarge(NaiveRequest newcomer) {
    return exceeds(state.knobs.admissionMaxBytes(), newcomer.sizeBytes());
  }

  /** True if its band has no place for the newcomer, however small the newcomer is. */
  boolean isShortOfRequests(NaiveRequest newcomer) {
    return freeRequests(newcomer) < 1;
  }

  /** True if its band has no place for the newcomer's bytes. */
  boolean isShortOfBytes(NaiveRequest newcomer) {
    var band = state.knobs.band(newcomer.priority());
    var staying = staying(newcomer);
    return exceeds(band.maxBytes(), bytesOfBand(newcomer) + newcomer.sizeBytes())
        || exceeds(state.knobs.maxBytes(), NaiveState.bytes(staying) + newcomer.sizeBytes());
  }

  /** What the newcomer's band could queue in addition; places that would be displaced are free. */
  double freeRequests(NaiveRequest newcomer) {
    var band = state.knobs.band(newcomer.priority());
    var ofBand = state.queued(r -> r.priority() == newcomer.priority()).size();
    return free(band.maxRequests() - ofBand, state.knobs.maxRequests(), staying(newcomer).size());
  }

  double freeBytes(NaiveRequest newcomer) {
    var band = state.knobs.band(newcomer.priority());
    return free(
        band.maxBytes() - bytesOfBand(newcomer),
        state.knobs.maxBytes(),
        NaiveState.bytes(staying(newcomer)));
  }

  private static double free(long inBand, long limit, long used) {
    return Math.max(0, limit == 0 ? inBand : Math.min(inBand, limit - used));
  }

  private long bytesOfBand(NaiveRequest newcomer) {
    return NaiveState.bytes(state.queued(r -> r.priority() == newcomer.priority()));
  }

  /** What is queued and need not give way to the newcomer. */
  private List<NaiveRequest> staying(NaiveRequest newcomer) {
    return state.queued(r -> !state.knobs.displacement() || r.priority() >= newcomer.priority());
  }

  /** True if the newcomer fits once a request of its band gives way, and all of lower bands. */
  boolean fitsInPlaceOf(NaiveRequest victim, NaiveRequest newcomer) {
    var others = state.queued(r -> r != victim);
    return fitsInBand(others, newcomer)
        && fitsBeside(
            others.stream().filter(r -> r.priority() >= newcomer.priority()).toList(), newcomer);
  }

  private boolean fitsInBand(List<NaiveRequest> queued, NaiveRequest newcomer) {
    var band = state.knobs.band(newcomer.priority());
    var ofBand = queued.stream().filter(r -> r.priority() == newcomer.priority()).toList();
    return fits(ofBand, newcomer, band.maxRequests(), band.maxBytes());
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
