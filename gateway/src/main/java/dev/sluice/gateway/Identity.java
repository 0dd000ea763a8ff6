package dev.sluice.gateway;

import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.inference.ErrorBody;
import java.time.Duration;

/** Whom a request belongs to, or why that can't be said. */
sealed interface Identity {

  /**
   * A tenant's request.
   *
   * @param timeToLive {@link TenantOptions#BAND_TTL} if neither tenant nor request says
   * @param sloTarget the hoped-for time to first token; negative if none was given
   * @param byKey whether an API key of ours proved it, which is not for the model servers' eyes
   */
  record Known(String tenant, FlowKey flow, Duration timeToLive, Duration sloTarget, boolean byKey)
      implements Identity {}

  /** The request is answered with an error. */
  record Refused(ErrorBody error) implements Identity {}
}
