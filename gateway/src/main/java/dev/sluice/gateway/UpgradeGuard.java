package dev.sluice.gateway;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import java.util.Locale;

/**
 * A handler for the first request of an HTTP/1 connection. A request to go on in HTTP/2 ({@code
 * Upgrade: h2c}) is ignored if it has a body, as RFC 9110 allows: the body would have to be kept
 * until the protocol has changed. It is ignored too if a header of the upgrade is missing. Leaves
 * the pipeline with the first head.
 */
final class UpgradeGuard extends ChannelInboundHandlerAdapter {
  private static final String SETTINGS = "http2-settings";

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (message instanceof HttpRequest request) {
      var headers = request.headers();
      if (headers.contains(HttpHeaderNames.UPGRADE) && !mayUpgrade(headers)) {
        headers.remove(HttpHeaderNames.UPGRADE);
        headers.remove(SETTINGS);
      }
      context.fireChannelRead(message);
      context.pipeline().remove(this);
    } else {
      context.fireChannelRead(message);
    }
  }

  private static boolean mayUpgrade(HttpHeaders headers) {
    return !hasBody(headers)
        && headers.getAll(SETTINGS).size() == 1
        && headers.containsValue(HttpHeaderNames.CONNECTION, SETTINGS, true)
        && headers.containsValue(HttpHeaderNames.CONNECTION, "upgrade", true);
  }

  private static boolean hasBody(HttpHeaders headers) {
    var length = headers.get(HttpHeaderNames.CONTENT_LENGTH);
    return headers.contains(HttpHeaderNames.TRANSFER_ENCODING)
        || (length != null && !length.trim().toLowerCase(Locale.ROOT).equals("0"));
  }
}
