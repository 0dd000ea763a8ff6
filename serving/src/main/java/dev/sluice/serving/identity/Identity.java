package dev.sluice.serving.identity;

import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.inference.ErrorBody;
import java.time.Duration;

/** The owner of a request, or the error that the request is answered with. */
public sealed interface Identity {

  /**
   * A request of a known or an anonymous tenant.
   *
   * @param tenant the tenant's id
   * @param flow the tenant's flow at the request's priority
   * @param timeToLive {@link TenantOptions#BAND_TTL} if neither the tenant's options nor the
   *     request give one
   * @param sloTarget the desired time to first token; negative if none was given
   * @param byKey true if one of Sluice's own API keys proved the identity. Model servers must not
   *     see that key.
   */
  record Known(String tenant, FlowKey flow, Duration timeToLive, Duration sloTarget, boolean byKey)
      implements Identity {}

  /** A request without a valid identity. It is answered with this error. */
  record Refused(ErrorBody error) implements Identity {}
}
