package dev.sluice.epp;

import dev.sluice.serving.identity.IdentityOptions;
import dev.sluice.serving.route.Routes;
import java.util.List;
import java.util.Map;

/**
 * How a picker treats requests. Immutable.
 *
 * @param identity how the tenant and the flow of a request are found
 * @param openObjectives whether any tenant may name any objective, and an unknown objective counts
 *     as none, as with upstream's picker. Otherwise the tenants' options hold, and an unknown
 *     objective is refused.
 * @param routes the paths that are read, that pass unread, and that are refused
 * @param requireModel whether a request to generate or to embed is refused if it names no model and
 *     the pool does not have exactly one known model
 * @param errorFormat the form of the body of a refusal
 * @param maxBodyBytes the largest request body, at least 1; a larger one is refused with 413
 */
public record PickerOptions(
    IdentityOptions identity,
    boolean openObjectives,
    Routes routes,
    boolean requireModel,
    ErrorFormat errorFormat,
    long maxBodyBytes) {

  /** The routes of upstream's picker: paths that are not known pass unread. */
  public static final Routes PASSING_UNKNOWN_PATHS = new Routes(Map.of("/*", Routes.UNREAD));

  /** Upstream's behaviour: the proxy is trusted to name the tenant and the objective. */
  public static final PickerOptions DEFAULT =
      new PickerOptions(
          new IdentityOptions(List.of(), Map.of(), true, IdentityOptions.TENANT_HEADERS, false),
          true,
          PASSING_UNKNOWN_PATHS,
          true,
          ErrorFormat.UPSTREAM,
          64L << 20);

  /** Rejects a body limit below 1. */
  public PickerOptions {
    if (maxBodyBytes < 1) {
      throw new IllegalArgumentException("maxBodyBytes: got " + maxBodyBytes + ", allowed >= 1");
    }
  }

  /** These options with other ways to find the tenant and the flow. */
  public PickerOptions withIdentity(IdentityOptions other) {
    return new PickerOptions(
        other, openObjectives, routes, requireModel, errorFormat, maxBodyBytes);
  }

  /** These options with other routes. */
  public PickerOptions withRoutes(Routes other) {
    return new PickerOptions(
        identity, openObjectives, other, requireModel, errorFormat, maxBodyBytes);
  }

  /** These options with another form of refusals. */
  public PickerOptions withErrorFormat(ErrorFormat other) {
    return new PickerOptions(identity, openObjectives, routes, requireModel, other, maxBodyBytes);
  }

  /** These options with another limit of bodies. */
  public PickerOptions withMaxBodyBytes(long other) {
    return new PickerOptions(identity, openObjectives, routes, requireModel, errorFormat, other);
  }
}
