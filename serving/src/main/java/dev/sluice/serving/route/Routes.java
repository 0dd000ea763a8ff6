package dev.sluice.serving.route;

import dev.sluice.inference.ApiKind;
import dev.sluice.inference.ErrorBody;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The paths that are proxied, and what is done with each. Every other path is refused, among them
 * the management paths of model servers: whoever can reach the gateway could otherwise put the
 * servers to sleep or unload their models. Immutable and thread-safe. O(length of the target).
 */
public final class Routes {
  /** In a configuration: the path passes unread to any endpoint, with any method. */
  public static final String UNREAD = "unread";

  /** In a configuration: the path is refused. */
  public static final String REFUSED = "refused";

  private static final String MODELS = "/v1/models";
  private static final String REST = "/*";

  /** What the pool knows, or a model server says of itself, for GET and HEAD. */
  private static final List<String> SHOWN = List.of(MODELS + REST, "/version");

  /** The default: every path of an {@link ApiKind}, the models and the version. */
  public static final Routes DEFAULT = new Routes(Map.of());

  private enum Way {
    READ,
    UNREAD,
    SHOWN,
    REFUSED
  }

  /** What is done with a path; {@code kind} is set if it is read. */
  private record Entry(Way way, @Nullable ApiKind kind) {}

  private final Map<String, Entry> exact = new HashMap<>();

  /** Prefixes that end in a slash, for paths that begin so; the longest that fits counts. */
  private final Map<String, Entry> prefixes = new HashMap<>();

  /**
   * The default, changed.
   *
   * @param changes by path, or by a beginning of paths that ends in {@code /*}: {@value #UNREAD},
   *     {@value #REFUSED}, or the word of an {@link ApiKind}
   * @throws IllegalArgumentException if a path or a word is wrong; a line for each
   */
  public Routes(Map<String, String> changes) {
    for (var kind : ApiKind.values()) {
      for (var path : kind.paths()) {
        exact.put(path, new Entry(Way.READ, kind));
      }
    }
    for (var path : SHOWN) {
      put(path, new Entry(Way.SHOWN, null));
    }
    var faults = new ArrayList<String>();
    changes.forEach((path, word) -> {
      var entry = entry(word);
      if (!isNormal(path)) {
        faults.add(path + ": got this path, allowed a path such as /v1/files or /v1/files/*");
      } else if (entry == null) {
        var allowed = new ArrayList<>(List.of(UNREAD, REFUSED));
        allowed.addAll(ApiKind.words());
        faults.add(path + ": got " + word + ", allowed one of " + allowed);
      } else {
        put(path, entry);
      }
    });
    if (!faults.isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", faults));
    }
  }

  private void put(String path, Entry entry) {
    if (path.endsWith(REST)) {
      prefixes.put(path.substring(0, path.length() - 1), entry);
    } else {
      exact.put(path, entry);
    }
  }

  private static @Nullable Entry entry(String word) {
    return switch (word) {
      case UNREAD -> new Entry(Way.UNREAD, null);
      case REFUSED -> new Entry(Way.REFUSED, null);
      default -> ApiKind.ofWord(word).map(kind -> new Entry(Way.READ, kind)).orElse(null);
    };
  }

  private static boolean isNormal(String path) {
    var plain = path.endsWith(REST) ? path.substring(0, path.length() - REST.length()) : path;
    return path.equals(REST)
        || RequestTarget.of(plain)
            .filter(target -> target.path().equals(plain) && target.query().isEmpty())
            .isPresent();
  }

  /**
   * Finds what is done with a request.
   *
   * @param method the method, in upper case
   * @param sent the target as it was sent
   * @param headers gives all values of a header by the header's lower-case name
   */
  public Route find(String method, String sent, Function<String, List<String>> headers) {
    var known = exact.get(sent); // the usual case: the target is spelled as it should be
    if (known != null) {
      return route(known, method, new RequestTarget(sent, ""), headers);
    }
    var target = RequestTarget.of(sent).orElse(null);
    if (target == null) {
      return new Route.Refused(
          ErrorBody.invalidRequest(
              "The request target is not a valid path.", "", "invalid_target"));
    }
    if (target.path().equals(MODELS) && isReading(method) && !isRefused(MODELS)) {
      return new Route.ShowModels(MODELS);
    }
    var entry = exact.get(target.path());
    return route(entry == null ? byPrefix(target.path()) : entry, method, target, headers);
  }

  private static boolean isReading(String method) {
    return method.equals("GET") || method.equals("HEAD");
  }

  private boolean isRefused(String path) {
    var entry = exact.get(path);
    return entry != null && entry.way() == Way.REFUSED;
  }

  private @Nullable Entry byPrefix(String path) {
    for (var end = path.lastIndexOf('/'); end >= 0; end = path.lastIndexOf('/', end - 1)) {
      var entry = prefixes.get(path.substring(0, end + 1));
      if (entry != null) {
        return entry;
      }
    }
    return null;
  }

  private static Route route(
      @Nullable Entry entry,
      String method,
      RequestTarget target,
      Function<String, List<String>> headers) {
    if (entry == null || entry.way() == Way.REFUSED) {
      return new Route.Refused(ErrorBody.unknownPath(method, target.path()));
    }
    return switch (entry.way()) {
      case READ -> read(entry.kind(), method, target, headers);
      case SHOWN ->
          !isReading(method)
              ? new Route.Refused(ErrorBody.methodNotAllowed(method, target.path()))
              : target.path().startsWith(MODELS)
                  ? new Route.ShowModels(target.path())
                  : new Route.Unread(target.forwarded());
      case UNREAD -> new Route.Unread(target.forwarded());
      case REFUSED -> throw new IllegalStateException("refused above");
    };
  }

  private static Route read(
      @Nullable ApiKind kind,
      String method,
      RequestTarget target,
      Function<String, List<String>> headers) {
    if (kind == null) {
      throw new IllegalStateException("a path that is read has a kind");
    }
    if (!method.equals("POST")) {
      return refused(kind, ErrorBody.methodNotAllowed(method, target.path()));
    }
    for (var encoding : headers.apply("content-encoding")) {
      if (!encoding.isBlank() && !encoding.trim().equalsIgnoreCase("identity")) {
        return refused(
            kind,
            ErrorBody.unsupportedMediaType(
                "The request body is compressed (" + encoding + "); send it uncompressed."));
      }
    }
    var types = headers.apply("content-type");
    if (types.size() > 1) {
      return refused(
          kind,
          ErrorBody.invalidRequest(
              "The header content-type is given twice.", "", "invalid_header"));
    }
    return new Route.Read(target.forwarded(), kind, types.isEmpty() ? "" : types.getFirst());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Routes routes
        && exact.equals(routes.exact)
        && prefixes.equals(routes.prefixes);
  }

  @Override
  public int hashCode() {
    return 31 * exact.hashCode() + prefixes.hashCode();
  }

  private static Route refused(ApiKind kind, ErrorBody error) {
    return new Route.Refused(error.in(kind.errorForm()));
  }
}
