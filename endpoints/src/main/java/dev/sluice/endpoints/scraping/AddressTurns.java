package dev.sluice.endpoints.scraping;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.SocketAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;

/**
 * The addresses of one host, of which one is in use until it fails. The first is the one that
 * Vert.x finds. If it fails, every address that the JDK finds has its turn, and then the first
 * again, so that changes of the name service are seen. The state is confined to one event loop.
 */
final class AddressTurns {

  /** Finds the addresses of a name. May block. */
  @FunctionalInterface
  interface Names {
    InetAddress[] addresses(String host) throws UnknownHostException;
  }

  private static final Pattern IPV4 = Pattern.compile("[0-9.]+");

  private final Vertx vertx;
  private final RequestOptions target;
  private final Names names;
  private final boolean isName;
  private InetAddress[] known = {};
  private int turn;
  private RequestOptions inUse;

  AddressTurns(Vertx vertx, RequestOptions target, Names names) {
    this.vertx = vertx;
    this.target = target;
    this.names = names;
    isName = !isAddress(target.getHost());
    inUse = target;
  }

  /** The request as it is to be sent now. */
  RequestOptions inUse() {
    return inUse;
  }

  /**
   * Goes on to the next address, unless that has happened since {@code failed} was sent. Returns
   * whether there is another one to try before all have failed.
   */
  Future<Boolean> next(RequestOptions failed) {
    if (!isName) {
      return Future.succeededFuture(false);
    }
    if (inUse != failed) {
      return Future.succeededFuture(true);
    }
    if (known.length > 0) {
      return Future.succeededFuture(use(turn + 1));
    }
    return vertx
        .executeBlocking(() -> names.addresses(target.getHost()), false)
        .map(found -> {
          if (inUse != failed) {
            return true;
          }
          known = found;
          return use(0);
        });
  }

  private static boolean isAddress(String host) {
    return host.contains(":") || IPV4.matcher(host).matches();
  }

  private boolean use(int index) {
    if (index >= known.length) {
      known = new InetAddress[0];
      inUse = target;
      return false;
    }
    turn = index;
    inUse =
        new RequestOptions(target)
            .setServer(
                SocketAddress.inetSocketAddress(
                    new InetSocketAddress(known[index], target.getPort())));
    return true;
  }
}
