package dev.sluice.epp;

import com.google.protobuf.ByteString;
import dev.sluice.endpoints.EndpointConfig;
import dev.sluice.inference.BodySplice;
import dev.sluice.inference.ErrorForm;
import dev.sluice.serving.identity.Identity;
import dev.sluice.serving.offer.Offer;
import dev.sluice.serving.refusal.Refusal;
import dev.sluice.serving.route.Route;
import io.envoyproxy.envoy.config.core.v3.Metadata;
import io.envoyproxy.envoy.service.ext_proc.v3.HttpBody;
import io.envoyproxy.envoy.service.ext_proc.v3.HttpHeaders;
import io.envoyproxy.envoy.service.ext_proc.v3.ProcessingResponse;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The part of one request that has arrived: headers, body, and the subset of endpoints that the
 * proxy allows. Not thread-safe.
 */
final class IncomingRequest {
  private final RequestReader reader;
  private final Headers headers;
  private final String id;
  private final long arrivedAtNanos = System.nanoTime();
  private final boolean hasBody;
  private final RequestContent body = new RequestContent();
  private SubsetHint subset = new SubsetHint.None();
  private boolean hasTrailers;
  private boolean rewritten;
  private @Nullable ModelRestore restore;
  private Identity.@Nullable Known identity;
  private Route.@Nullable Proxied route;
  private @Nullable Refusal refusal;

  /** The request whose headers have just arrived. */
  IncomingRequest(RequestReader reader, HttpHeaders message, Metadata metadata) {
    this.reader = reader;
    headers = new Headers(message.getHeaders());
    var given = headers.first(Names.REQUEST_ID, "");
    id = given.isBlank() ? randomId() : given;
    hasBody = !message.getEndOfStream();
    readSubset(metadata);
    switch (reader.identity(headers)) {
      case Identity.Refused(var error) -> refusal = Refusal.of(error);
      case Identity.Known known -> {
        identity = known;
        switch (reader.route(headers, hasBody)) {
          case Route.Refused(var error) -> refusal = Refusal.of(error);
          case Route.Proxied proxied -> route = proxied;
          case Route.ShowModels ignored ->
              throw new IllegalStateException("a picker shows no models");
        }
      }
    }
  }

  /** A random UUID. It need not be hard to guess, so a cheap source of randomness will do. */
  private static String randomId() {
    var random = ThreadLocalRandom.current();
    return new UUID(
            random.nextLong() & ~0xf000L | 0x4000L,
            random.nextLong() & (-1L >>> 2) | Long.MIN_VALUE)
        .toString();
  }

  private void readSubset(Metadata metadata) {
    var hint = SubsetHint.of(metadata);
    if (hint != null) {
      subset = hint;
    }
  }

  /** The refusal of a request whose headers are enough to refuse it; null if they are not. */
  @Nullable Refusal refusal() {
    return refusal;
  }

  String id() {
    return id;
  }

  boolean hasBody() {
    return hasBody;
  }

  boolean hasTrailers() {
    return hasTrailers;
  }

  /** Whether one of the picker's own keys proved the identity. */
  boolean byKey() {
    return identity != null && identity.byKey();
  }

  /** The form of errors that the client expects. */
  ErrorForm errorForm() {
    return route == null ? ErrorForm.OPENAI : route.errorForm();
  }

  /** Adds a piece of the body. Returns the bytes of the body that have arrived so far. */
  long add(HttpBody piece, Metadata metadata) {
    body.add(piece.getBody());
    readSubset(metadata);
    return body.sizeBytes();
  }

  /** Notes that trailers end the request. */
  void endWithTrailers(Metadata metadata) {
    hasTrailers = true;
    readSubset(metadata);
  }

  /**
   * Makes the offer of the complete request, limited to the endpoints that the proxy allows.
   * O(bytes of the body + endpoints).
   */
  Offer offer(Collection<EndpointConfig> endpoints) {
    if (identity == null || route == null) {
      throw new IllegalStateException("a request that its headers refuse makes no offer");
    }
    rewriteModel(route);
    return switch (reader.offer(id, identity, route, body)) {
      case Offer.Refused refused -> refused;
      case Offer.Ready ready -> limit(ready.arrivedAt(arrivedAtNanos), endpoints);
    };
  }

  /** Has the body name the model that the rewrite header names, and notes how to undo that. */
  private void rewriteModel(Route.Proxied proxied) {
    var target = headers.first(Names.REWRITE, headers.first(Names.OLD_REWRITE, ""));
    if (rewritten
        || target.isEmpty()
        || !(proxied instanceof Route.Read read)
        || read.kind().isMultipart()) {
      return;
    }
    rewritten = true;
    var model = ModelName.find(body.views());
    if (model == null || target.equals(model.name())) {
      return;
    }
    body.splice(model.replacedBy(target));
    var asked = model.name();
    if (asked != null) {
      restore = new ModelRestore(target, asked);
    }
  }

  /** Gives the answer the name of the model that the client asked for; null if it has it anyway. */
  @Nullable ModelRestore restore() {
    return restore;
  }

  private Offer limit(Offer.Ready ready, Collection<EndpointConfig> endpoints) {
    return switch (subset) {
      case SubsetHint.None() -> ready;
      case SubsetHint.Invalid(var invalid) -> new Offer.Refused(invalid);
      case SubsetHint.Only(var addresses) -> {
        var ids = SubsetHint.ids(addresses, endpoints);
        yield ids.isEmpty()
            ? new Offer.Refused(
                Refusal.noEndpoints(
                    "no endpoint of the pool is in the subset that the proxy allows"))
            : ready.within(ids);
      }
    };
  }

  /** Edits the body at one place. */
  void splice(BodySplice splice) {
    body.splice(splice);
  }

  /** The reply that sends the request to an endpoint. */
  ProcessingResponse destination(EndpointConfig endpoint) {
    var set = new LinkedHashMap<String, String>();
    if (!id.equals(headers.first(Names.REQUEST_ID))) {
      set.put(Names.REQUEST_ID, id);
    }
    if (body.sizeBytes() > 0) {
      set.put(Names.CONTENT_LENGTH, Long.toString(body.sizeBytes()));
    }
    var remove = new ArrayList<>(headers.present(reader.hidden()));
    if (byKey()) {
      remove.addAll(headers.present(Names.KEY_HEADERS));
    }
    return Replies.destination(endpoint.address(), set, remove);
  }

  /** Takes the body out, in pieces that are small enough to be passed on. */
  Deque<ByteString> takeBody() {
    return body.take();
  }

  /** Lets the body go. */
  void release() {
    body.release();
  }
}
