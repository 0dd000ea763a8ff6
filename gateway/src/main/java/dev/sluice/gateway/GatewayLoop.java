package dev.sluice.gateway;

import dev.sluice.gateway.upstream.EndpointConnections;
import dev.sluice.inference.ErrorBody;
import dev.sluice.inference.ErrorForm;
import dev.sluice.serving.identity.Identity;
import dev.sluice.serving.identity.IdentityResolver;
import dev.sluice.serving.refusal.Refusal;
import dev.sluice.serving.route.Route;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.net.impl.ConnectionBase;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One event loop of the gateway: it listens, finds out the identity of a request, and starts its
 * {@link Exchange}.
 */
final class GatewayLoop extends VerticleBase {
  private static final Logger LOG = LoggerFactory.getLogger(GatewayLoop.class);
  private static final int LONGEST_LINE_BYTES = 8 << 10;

  /** At least as much as is read at once, so that a read is passed on in one piece. */
  private static final int LONGEST_PIECE_BYTES = 256 << 10;

  /**
   * HTTP/2 streams per connection. There are many, because a queued request occupies one and some
   * clients use one connection for everything.
   */
  private static final long MOST_STREAMS = 100_000;

  private static final Set<HttpMethod> METHODS =
      Set.of(
          HttpMethod.GET,
          HttpMethod.POST,
          HttpMethod.PUT,
          HttpMethod.DELETE,
          HttpMethod.PATCH,
          HttpMethod.HEAD,
          HttpMethod.OPTIONS);

  /** Paths on which load balancers ask whether the gateway takes requests. */
  private static final Set<String> HEALTH_PATHS = Set.of("/health", "/healthz", "/ping");

  private static final String METHOD_NAMES = "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS";

  private final Collaborators with;
  private final IdentityResolver identities;
  private final ClientSockets sockets;
  private final CorsAnswers cors;
  private final IntConsumer listening;
  private @Nullable EndpointConnections endpoints;

  /**
   * An event loop that does not listen yet.
   *
   * @param with the parts that its exchanges work with
   * @param identities finds the identity of each request
   * @param sockets limits and watches the connections of clients
   * @param listening told the TCP port when the loop listens
   */
  GatewayLoop(
      Collaborators with,
      IdentityResolver identities,
      ClientSockets sockets,
      IntConsumer listening) {
    this.with = with;
    this.identities = identities;
    this.sockets = sockets;
    this.cors = new CorsAnswers(with.options().cors());
    this.listening = listening;
  }

  @Override
  public Future<?> start() {
    var options = with.options();
    endpoints =
        new EndpointConnections(
            vertx,
            options.connectTimeout(),
            options.responseTimeout(),
            with.pool()::unhealthyNanos);
    var address =
        options.port() == 0
            ? SocketAddress.sharedRandomPort(
                1, options.host()) // a free one, the same in every loop
            : SocketAddress.inetSocketAddress(options.port(), options.host());
    return vertx
        .createHttpServer(
            new HttpServerOptions()
                .setMaxHeaderSize(options.maxHeaderBytes())
                .setMaxInitialLineLength(LONGEST_LINE_BYTES)
                .setMaxChunkSize(LONGEST_PIECE_BYTES)
                // Each of the two would be a handler that every message has to pass.
                .setPerFrameWebSocketCompressionSupported(false)
                .setPerMessageWebSocketCompressionSupported(false)
                .setStrictThreadMode(true)
                .setInitialSettings(
                    new Http2Settings()
                        .setMaxConcurrentStreams(MOST_STREAMS)
                        .setMaxHeaderListSize(options.maxHeaderBytes()))
                .setHandle100ContinueAutomatically(false)) // a request may be refused before
        .connectionHandler(connection -> ClientConnection.enter(sockets, connection))
        .requestHandler(this::receive)
        .invalidRequestHandler(this::refuseInvalid)
        .listen(address)
        .onSuccess(server -> listening.accept(server.actualPort()));
  }

  /**
   * No fault in a step before the exchange, which has a guard of its own, leaves a client waiting.
   */
  private void receive(HttpServerRequest request) {
    try {
      handle(request);
    } catch (RuntimeException e) {
      LOG.error("A request could not be handled", e);
      if (request.response().headWritten()) {
        var _ = request.connection().close();
      } else {
        var error = ErrorBody.internal("The gateway failed to handle the request.");
        ErrorAnswer.sendAndClose(request, Refusal.of(error));
      }
    }
  }

  private void handle(HttpServerRequest request) {
    watchEnd(request);
    var fault = RequestHead.faultOf(request);
    if (fault.isPresent()) {
      ErrorAnswer.sendAndClose(request, Refusal.of(fault.get()));
    } else if (!cors.answered(request) && !answeredHere(request)) {
      serve(request);
    }
  }

  /** Lets the time for the end of the answer begin when the answer is complete. */
  private static void watchEnd(HttpServerRequest request) {
    if (request.version() == HttpVersion.HTTP_2
        && request.connection() instanceof ConnectionBase connection) {
      var socket = ClientSocket.of(connection.channel());
      if (socket != null) {
        var stream = request.streamId();
        request.response().endHandler(ignored -> socket.answerEnded((int) stream));
      }
    }
  }

  /** Answers a question about the gateway itself. It needs no key and is no flow's request. */
  private boolean answeredHere(HttpServerRequest request) {
    var response = request.response();
    if (request.method().equals(HttpMethod.OPTIONS) && request.uri().equals("*")) {
      response.putHeader("allow", METHOD_NAMES).setStatusCode(204).end();
      return true;
    }
    var isQuestion =
        request.method().equals(HttpMethod.GET) || request.method().equals(HttpMethod.HEAD);
    if (!isQuestion || !HEALTH_PATHS.contains(request.path())) {
      return false;
    }
    if (sockets.isDraining()) {
      answer(request, Refusal.shuttingDown("the gateway takes no new requests"));
    } else {
      var body = "{\"status\":\"ok\"}\n";
      response
          .putHeader("content-type", "application/json")
          .putHeader("content-length", Integer.toString(body.length()));
      var _ = request.method().equals(HttpMethod.HEAD) ? response.end() : response.end(body);
    }
    return true;
  }

  private void serve(HttpServerRequest request) {
    if (!METHODS.contains(request.method())) {
      answer(request, ErrorBody.methodNotAllowed(request.method().name(), request.uri()));
      return;
    }
    var routes = with.options().routes();
    switch (routes.find(request.method().name(), request.uri(), request.headers()::getAll)) {
      case Route.Refused(var error) -> answer(request, error);
      case Route.ShowModels(var path) ->
          identified(
              request, ErrorForm.OPENAI, who -> ModelsAnswer.send(request, path, with.pool()));
      case Route.Proxied route ->
          identified(request, route.errorForm(), who -> exchange(request, route, who));
    }
  }

  private void identified(
      HttpServerRequest request, ErrorForm form, Consumer<Identity.Known> next) {
    switch (identities.resolve(request.headers()::getAll)) {
      case Identity.Refused(var error) -> answer(request, error.in(form));
      case Identity.Known identity -> next.accept(identity);
    }
  }

  private void exchange(HttpServerRequest request, Route.Proxied route, Identity.Known identity) {
    if (endpoints != null && mayBegin(request)) {
      new Exchange(with, endpoints, vertx.getOrCreateContext(), request, identity, route).begin();
    }
  }

  /** Asks for a body that waits to be asked for, unless it would be refused. */
  private boolean mayBegin(HttpServerRequest request) {
    var expected = request.getHeader(HttpHeaderNames.EXPECT);
    if (expected == null || request.version() == HttpVersion.HTTP_1_0) {
      return true;
    }
    if (!expected.trim().equalsIgnoreCase("100-continue")) {
      var message = "The expectation \"" + expected + "\" cannot be met.";
      answer(
          request, new ErrorBody(417, message, "invalid_request_error", "", "expectation_failed"));
      return false;
    }
    var limit = with.options().maxBodyBytes();
    if (ProxyHeaders.announcedBytes(request.headers()) > limit) {
      answer(request, ErrorBody.bodyTooLarge(limit));
      return false;
    }
    request.response().writeContinue();
    return true;
  }

  private static void answer(HttpServerRequest request, ErrorBody error) {
    answer(request, Refusal.of(error));
  }

  private static void answer(HttpServerRequest request, Refusal refusal) {
    request
        .response()
        .putHeader(ProxyHeaders.REQUEST_ID, ProxyHeaders.requestId(request.headers()));
    ErrorAnswer.send(request, refusal);
  }

  /** Answers bytes that are not a valid HTTP request. The connection cannot be used any more. */
  private void refuseInvalid(HttpServerRequest request) {
    var cause = request.decoderResult().cause();
    var error =
        switch (cause) {
          case TooLongHttpHeaderException ignored ->
              ErrorBody.headersTooLarge(with.options().maxHeaderBytes());
          case TooLongHttpLineException ignored -> ErrorBody.uriTooLong(LONGEST_LINE_BYTES);
          case ClientConnection.UnsupportedVersionException version ->
              new ErrorBody(
                  505,
                  "The gateway does not speak "
                      + version.getMessage()
                      + ". Use HTTP/1.1 or HTTP/2.",
                  "invalid_request_error",
                  "",
                  "http_version_not_supported");
          case null, default ->
              ErrorBody.invalidRequest(
                  "The request is not valid HTTP: "
                      + (cause == null ? "unknown" : cause.getMessage()),
                  "",
                  "invalid_http");
        };
    ErrorAnswer.sendAndClose(request, Refusal.of(error));
  }
}
