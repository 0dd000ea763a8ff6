package dev.sluice.epp;

import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.inference.ApiKind;
import dev.sluice.inference.ErrorBody;
import dev.sluice.serving.identity.Identity;
import dev.sluice.serving.identity.IdentityResolver;
import dev.sluice.serving.offer.Offer;
import dev.sluice.serving.offer.OfferMaker;
import dev.sluice.serving.refusal.Refusal;
import dev.sluice.serving.route.Route;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Reads requests: the identity, the route and the offer to flow control. It asks the same classes
 * as the gateway does, and adds what upstream's picker allows beyond. Thread-safe.
 */
final class RequestReader {
  /** The path of a request that names none, as upstream's picker has it. */
  static final String DEFAULT_PATH = "/v1/completions";

  private static final Set<ApiKind> NEED_A_MODEL =
      EnumSet.of(
          ApiKind.CHAT_COMPLETIONS,
          ApiKind.COMPLETIONS,
          ApiKind.EMBEDDINGS,
          ApiKind.RESPONSES,
          ApiKind.MESSAGES);

  private final PickerOptions options;
  private final IdentityResolver resolver;
  private final OfferMaker offers;
  private final Set<String> hidden;

  RequestReader(PickerOptions options, OfferMaker offers) {
    this.options = options;
    this.resolver = new IdentityResolver(options.identity());
    this.offers = offers;
    var names = new HashSet<>(Names.CONTROL_HEADERS);
    names.addAll(resolver.ownHeaders());
    this.hidden = Set.copyOf(names);
  }

  /** The lower-case names of the headers that a model server must not see. */
  Set<String> hidden() {
    return hidden;
  }

  /** Finds the tenant and the flow. */
  Identity identity(Headers headers) {
    if (!options.openObjectives()) {
      return resolver.resolve(headers::all);
    }
    var found = resolver.resolve(name -> isObjective(name) ? List.<String>of() : headers.all(name));
    var name = headers.first(IdentityResolver.OBJECTIVE_HEADER);
    var objective = name == null ? headers.first(IdentityResolver.OLD_OBJECTIVE_HEADER) : name;
    var priority = objective == null ? null : options.identity().objectives().get(objective);
    return priority != null && found instanceof Identity.Known known
        ? new Identity.Known(
            known.tenant(),
            new FlowKey(known.flow().id(), priority),
            known.timeToLive(),
            known.sloTarget(),
            known.byKey())
        : found;
  }

  private static boolean isObjective(String name) {
    return name.equals(IdentityResolver.OBJECTIVE_HEADER)
        || name.equals(IdentityResolver.OLD_OBJECTIVE_HEADER);
  }

  /**
   * Finds what is done with a request.
   *
   * @param hasBody false if the headers end the request; then nothing is read of it
   */
  Route route(Headers headers, boolean hasBody) {
    var path = path(headers);
    var method = headers.first(":method", hasBody ? "POST" : "GET").toUpperCase(Locale.ROOT);
    var route = options.routes().find(hasBody ? method : "GET", path, headers::all);
    return switch (route) {
      case Route.ShowModels ignored -> new Route.Unread(path);
      case Route.Refused(var error) when !hasBody && error.status() == 405 ->
          new Route.Unread(path);
      case Route.Unread unread when hasBody -> bySuffix(path, method, headers, unread);
      case Route.Read ignored -> route;
      case Route.Unread ignored -> route;
      case Route.Refused ignored -> route;
    };
  }

  private static String path(Headers headers) {
    for (var name : List.of(":path", "x-original-path", "x-forwarded-path")) {
      var path = headers.first(name, "");
      if (!path.isEmpty()) {
        return path;
      }
    }
    return DEFAULT_PATH;
  }

  /** The route of the longest known path that this one ends in, or else the path's own. */
  private Route bySuffix(String path, String method, Headers headers, Route.Unread own) {
    var query = path.indexOf('?');
    var end = query < 0 ? path.length() : query;
    if (ApiKind.ofPath(path.substring(0, end)).isPresent()) {
      return own; // the configuration says of this very path that it is not read
    }
    for (var at = path.indexOf('/', 1); at > 0 && at < end - 1; at = path.indexOf('/', at + 1)) {
      var route = options.routes().find(method, path.substring(at), headers::all);
      if (route instanceof Route.Read(var ignored, var kind, var contentType)) {
        return new Route.Read(path, kind, contentType);
      }
    }
    return own;
  }

  /** Makes the offer for a request whose body is complete. O(bytes of the body). */
  Offer offer(String id, Identity.Known identity, Route.Proxied route, RequestContent body) {
    var offer = offers.make(id, identity, route, body.views());
    return options.requireModel()
            && offer instanceof Offer.Ready ready
            && ready.request().eligibility().model().isEmpty()
            && route instanceof Route.Read read
            && NEED_A_MODEL.contains(read.kind())
        ? new Offer.Refused(
            Refusal.of(
                ErrorBody.invalidRequest(
                    "model not found in request body", "model", "missing_required_parameter")))
        : offer;
  }
}
