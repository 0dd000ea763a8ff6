package dev.sluice.gateway;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import java.util.concurrent.TimeUnit;

/** A client that speaks HTTP/2 from the first byte, over one connection, without checking paths. */
final class Http2Client implements AutoCloseable {
  private final Vertx vertx = Vertx.vertx();
  private final HttpClient client;
  private final int port;

  Http2Client(GatewayUnderTest under) {
    port = under.gateway().port();
    client =
        vertx.createHttpClient(
            new HttpClientOptions()
                .setProtocolVersion(HttpVersion.HTTP_2)
                .setHttp2ClearTextUpgrade(false)
                .setHttp2MultiplexingLimit(10_000));
  }

  /** A POST whose head is not sent yet. */
  HttpClientRequest post(String path) throws Exception {
    return client.request(HttpMethod.POST, port, "127.0.0.1", path).await(30, TimeUnit.SECONDS);
  }

  /** Posts a body. The future is the status of the answer, or 0 if the stream was reset. */
  Future<Integer> status(String path, String body) throws Exception {
    return post(path)
        .send(Buffer.buffer(body))
        .compose(response -> response.body().map(ignored -> response.statusCode()))
        .otherwise(0);
  }

  @Override
  public void close() throws Exception {
    client.close().await(30, TimeUnit.SECONDS);
    vertx.close().await(30, TimeUnit.SECONDS);
  }
}
