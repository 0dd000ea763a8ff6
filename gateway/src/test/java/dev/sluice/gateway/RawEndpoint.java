package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.sluice.endpoints.EndpointConfig;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * An endpoint that keeps all received bytes, and answers as a script says. It serves a connection
 * until the script or the gateway closes it.
 */
final class RawEndpoint implements AutoCloseable {
  /** Answers one request; may close the socket. */
  @FunctionalInterface
  interface Script {
    void answer(Socket socket, OutputStream out) throws IOException;
  }

  private final ServerSocket server;
  private final Script script;
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private final List<IOException> broken = new CopyOnWriteArrayList<>();

  RawEndpoint(Script script) {
    this(script, 0);
  }

  private RawEndpoint(Script script, int port) {
    this.script = script;
    try {
      server = new ServerSocket(port, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofVirtual().start(this::accept);
  }

  /** One that answers every request with {@code text}, as it is. */
  static RawEndpoint answering(String text) {
    return new RawEndpoint((socket, out) -> out.write(text.getBytes(ISO_8859_1)));
  }

  /** The same on a port of the caller's choice. */
  static RawEndpoint answering(String text, int port) {
    return new RawEndpoint((socket, out) -> out.write(text.getBytes(ISO_8859_1)), port);
  }

  /** One that closes the connection when it has read a request. */
  static RawEndpoint closing() {
    return new RawEndpoint((socket, out) -> socket.close());
  }

  /** A JSON answer to a chat request, with a usage. */
  static String json(String body) {
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
        + body.length()
        + "\r\n\r\n"
        + body;
  }

  EndpointConfig config(String id) {
    return GatewayUnderTest.endpoint(id, "http://127.0.0.1:" + server.getLocalPort());
  }

  /** Whole requests, head and body, in the order in which they came. */
  List<String> requests() {
    return requests;
  }

  /** The number of connections that the gateway closed or reset. */
  int connectionsLost() {
    return broken.size();
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        var socket = server.accept();
        sockets.add(socket);
        Thread.ofVirtual().start(() -> serve(socket));
      } catch (IOException e) {
        broken.add(e); // closed
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      var in = new BufferedInputStream(socket.getInputStream());
      for (var request = read(in); !socket.isClosed(); request = read(in)) {
        requests.add(request);
        script.answer(socket, socket.getOutputStream());
        if (socket.isClosed()) {
          return;
        }
      }
    } catch (IOException e) {
      broken.add(e);
    }
  }

  private static String read(InputStream in) throws IOException {
    var text = new StringBuilder();
    while (text.indexOf("\r\n\r\n") < 0) {
      var b = in.read();
      if (b < 0) {
        throw new IOException("the gateway closed the connection");
      }
      text.append((char) b);
    }
    var head = text.toString().toLowerCase(Locale.ROOT);
    var at = head.indexOf("content-length: ");
    if (at >= 0) {
      var length = Integer.parseInt(head.substring(at + 16, head.indexOf('\r', at)));
      text.append(new String(in.readNBytes(length), ISO_8859_1));
    }
    return text.toString();
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (var socket : sockets) {
      socket.close();
    }
  }
}
