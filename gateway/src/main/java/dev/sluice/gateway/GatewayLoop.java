package dev.sluice.gateway;

import dev.sluice.inference.ApiKind;
import dev.sluice.inference.ErrorBody;
import dev.sluice.inference.ModelList;
import dev.sluice.serving.refusal.Refusal;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.SocketAddress;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One event loop of the gateway: its server, its client, and what a request is first asked. */
final class GatewayLoop extends VerticleBase {
  private static final int LONGEST_LINE_BYTES = 8 << 10;

  /** What was read at once is passed on at once. */
  private static final int LONGEST_PIECE_BYTES = 256 << 10;

  /**
   * Queued requests wait on their streams, and some clients put all of theirs on one connection.
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

  private final Shared shared;
  private @Nullable EndpointClient client;

  GatewayLoop(Shared shared) {
    this.shared = shared;
  }

  @Override
  public Future<?> start() {
    var options = shared.options();
    client = new EndpointClient(vertx, options);
    var address =
        options.port() == 0
            ? SocketAddress.sharedRandomPort(1, options.host()) // free, and the same in all loops
            : SocketAddress.inetSocketAddress(options.port(), options.host());
    return vertx
        .createHttpServer(
            new HttpServerOptions()
                .setMaxHeaderSize(options.maxHeaderBytes())
                .setMaxInitialLineLength(LONGEST_LINE_BYTES)
                .setMaxChunkSize(LONGEST_PIECE_BYTES)
                .setPerFrameWebSocketCompressionSupported(false) // each is a stage that all else
                .setPerMessageWebSocketCompressionSupported(false) // would have to pass
                .setStrictThreadMode(true)
                .setInitialSettings(new Http2Settings().setMaxConcurrentStreams(MOST_STREAMS))
                .setHandle100ContinueAutomatically(true))
        .connectionHandler(ClientConnection::enter)
        .requestHandler(this::handle)
        .invalidRequestHandler(this::refuseInvalid)
        .listen(address)
        .onSuccess(server -> shared.port(server.actualPort()));
  }

  private void handle(HttpServerRequest request) {
    var path = request.path();
    if (path == null || !METHODS.contains(request.method())) {
      answer(request, ErrorBody.methodNotAllowed(request.method().name(), request.uri()));
      return;
    }
    var kind = ApiKind.ofPath(path);
    if (kind.isPresent() && !request.method().equals(HttpMethod.POST)) {
      answer(request, ErrorBody.methodNotAllowed(request.method().name(), path));
      return;
    }
    switch (shared.identities().resolve(name -> request.getHeader(name))) {
      case Identity.Refused(var error) -> answer(request, error);
      case Identity.Known identity -> {
        if (path.equals("/v1/models") && request.method().equals(HttpMethod.GET)) {
          listModels(request);
        } else if (client != null) {
          new Exchange(shared, vertx.getOrCreateContext(), client, request, identity, kind).begin();
        }
      }
    }
  }

  private void listModels(HttpServerRequest request) {
    var models =
        shared.pool().models().stream()
            .map(model -> new ModelList.Model(model.id(), 0, "sluice", model.parent(), 0))
            .toList();
    request
        .response()
        .putHeader("content-type", "application/json")
        .end(Buffer.buffer(new ModelList(models).toJson()));
  }

  private static void answer(HttpServerRequest request, ErrorBody error) {
    Exchange.answer(request, Refusal.of(error), false);
  }

  /** What is no HTTP request: the connection is of no use any more. */
  private void refuseInvalid(HttpServerRequest request) {
    var cause = request.decoderResult().cause();
    var error =
        switch (cause) {
          case TooLongHttpHeaderException ignored ->
              ErrorBody.headersTooLarge(shared.options().maxHeaderBytes());
          case TooLongHttpLineException ignored -> ErrorBody.uriTooLong(LONGEST_LINE_BYTES);
          case null, default ->
              ErrorBody.invalidRequest(
                  "The request is not valid HTTP: "
                      + (cause == null ? "unknown" : cause.getMessage()),
                  "",
                  "invalid_http");
        };
    Exchange.answer(request, Refusal.of(error), true);
  }
}
