package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Locale;

/** A client that writes bytes as it likes. Fails if it has to wait for 30 s. */
final class RawClient implements AutoCloseable {
  private final Socket socket;
  private final StringBuilder received = new StringBuilder();

  RawClient(GatewayUnderTest under) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), under.gateway().port());
    socket.setSoTimeout(30_000);
  }

  /** Opens a connection and sends a chat request with more header lines. */
  static RawClient chat(GatewayUnderTest under, String body, String... headers) throws IOException {
    var client = new RawClient(under);
    client.send(post("/v1/chat/completions", body, headers));
    return client;
  }

  static String post(String path, String body, String... headers) {
    var lines = headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n";
    return "POST %s HTTP/1.1\r\nHost: gate\r\n%sContent-Length: %d\r\n\r\n%s"
        .formatted(path, lines, body.length(), body);
  }

  void send(String text) throws IOException {
    send(text.getBytes(US_ASCII));
  }

  void send(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
  }

  /** Ends what it sends, and goes on reading. */
  void closeHalf() throws IOException {
    socket.shutdownOutput();
  }

  /** Reads until {@code end} has come, or the connection ends; everything so far. */
  String readTo(String end) throws IOException {
    var from = 0;
    while (received.indexOf(end, from) < 0) {
      from = Math.max(0, received.length() - end.length());
      var b = socket.getInputStream().read();
      if (b < 0) {
        break;
      }
      received.append((char) b);
    }
    return received.toString();
  }

  /** Reads until the connection ends; everything so far. */
  String readAll() throws IOException {
    received.append(new String(socket.getInputStream().readAllBytes(), ISO_8859_1));
    return received.toString();
  }

  /** Reads {@code count} bytes more, or to the end. Returns the number of bytes that came. */
  int skip(int count) throws IOException {
    return socket.getInputStream().readNBytes(count).length;
  }

  /** The body of a whole chunked answer. */
  static String unchunked(String answer) {
    var head = answer.indexOf("\r\n\r\n");
    if (!answer
        .substring(0, head)
        .toLowerCase(Locale.ROOT)
        .contains("transfer-encoding: chunked")) {
      throw new AssertionError("not chunked: " + answer);
    }
    var body = new ByteArrayOutputStream();
    var at = head + 4;
    while (true) {
      var line = answer.indexOf("\r\n", at);
      var size = Integer.parseInt(answer.substring(at, line), 16);
      if (size == 0) {
        return body.toString(ISO_8859_1);
      }
      body.writeBytes(answer.substring(line + 2, line + 2 + size).getBytes(ISO_8859_1));
      at = line + 2 + size + 2;
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
