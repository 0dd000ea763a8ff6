package dev.sluice.benchmarks;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * A model server that costs as little as possible, so that a bench measures the gateway in front of
 * it. It gives fixed answers on loopback, with one virtual thread for each connection. Thread-safe.
 */
final class LoopbackModelServer implements AutoCloseable {
  private static final int BACKLOG = 20_000;
  private static final int LONGEST_HEAD_BYTES = 16 << 10;
  private static final byte[] STREAM = ascii("\"stream\":true");
  private static final byte[] ANSWER =
      answer(
          "application/json",
          """
          {"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,\
          "message":{"role":"assistant","content":"%s"},"finish_reason":"stop"}],\
          "usage":{"prompt_tokens":200,"completion_tokens":24,"total_tokens":224}}\
          """
              .formatted("hello world ".repeat(12)));
  private static final byte[] MODELS =
      answer(
          "application/json",
          "{\"object\":\"list\",\"data\":[{\"id\":\"m\",\"object\":\"model\"}]}");
  private static final byte[] METRICS =
      answer(
          "text/plain; version=0.0.4",
          """
          vllm:num_requests_waiting{model_name="m"} 0
          vllm:num_requests_running{model_name="m"} 0
          vllm:kv_cache_usage_perc{model_name="m"} 0.1
          """);
  private static final byte[] STREAM_HEAD =
      ascii(
          "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
  private static final byte[] EVENT =
      chunk(
          """
          data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m",\
          "choices":[{"index":0,"delta":{"content":"hello"}}]}

          """);
  private static final byte[] STREAM_END =
      ascii(new String(chunk("data: [DONE]\n\n"), StandardCharsets.US_ASCII) + "0\r\n\r\n");

  /**
   * The shape of a stream.
   *
   * @param events the number of events before the last one, {@code [DONE]}
   * @param gapMillis the time from one event to the next
   * @param after the latch for which each stream waits after its first event; null for none
   */
  record Script(int events, int gapMillis, @Nullable CountDownLatch after) {}

  private final ServerSocket server;
  private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
  private volatile Script script = new Script(50, 20, null);

  LoopbackModelServer() throws IOException {
    server = new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().name("model-server").start(this::accept);
  }

  int port() {
    return server.getLocalPort();
  }

  /** Sets the shape of the streams that begin from now on. */
  void play(Script value) {
    script = value;
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        var connection = server.accept();
        connections.add(connection);
        Thread.ofVirtual().name("model-server-connection").start(() -> serve(connection));
      } catch (IOException e) {
        if (!server.isClosed()) {
          throw new IllegalStateException("the model server does not accept connections", e);
        }
      }
    }
  }

  private void serve(Socket connection) {
    try (connection) {
      connection.setTcpNoDelay(true);
      var in = new BufferedInputStream(connection.getInputStream());
      var out = connection.getOutputStream();
      for (var head = head(in); !head.isEmpty(); head = head(in)) {
        answer(head, in.readNBytes(contentLength(head)), out);
      }
    } catch (IOException e) {
      // The gateway may close a connection at any time.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      connections.remove(connection);
    }
  }

  private void answer(String head, byte[] body, OutputStream out)
      throws IOException, InterruptedException {
    if (head.startsWith("GET /metrics")) {
      out.write(METRICS);
    } else if (head.startsWith("GET ")) {
      out.write(MODELS);
    } else if (contains(body, STREAM)) {
      stream(script, out);
    } else {
      out.write(ANSWER);
    }
  }

  private static void stream(Script script, OutputStream out)
      throws IOException, InterruptedException {
    out.write(STREAM_HEAD);
    for (var i = 0; i < script.events(); i++) {
      out.write(EVENT);
      if (script.after() != null) {
        script.after().await();
      }
      Thread.sleep(script.gapMillis());
    }
    out.write(STREAM_END);
  }

  /** Reads the head of a message; empty if the connection has ended. */
  private static String head(InputStream in) throws IOException {
    var bytes = new byte[LONGEST_HEAD_BYTES];
    for (var size = 0; size < bytes.length; ) {
      var next = in.read();
      if (next < 0) {
        return "";
      }
      bytes[size++] = (byte) next;
      if (size >= 4 && next == '\n' && bytes[size - 3] == '\n') {
        return new String(bytes, 0, size, StandardCharsets.ISO_8859_1);
      }
    }
    throw new IOException("the head is too long");
  }

  private static int contentLength(String head) {
    var name = "\r\ncontent-length:";
    var at = head.toLowerCase(Locale.ROOT).indexOf(name);
    if (at < 0) {
      return 0;
    }
    var from = at + name.length();
    return Integer.parseInt(head.substring(from, head.indexOf('\r', from)).strip());
  }

  /** Whether the start of a body, where the load clients put their options, contains a word. */
  private static boolean contains(byte[] body, byte[] word) {
    for (var i = 0; i + word.length <= Math.min(body.length, 100); i++) {
      if (Arrays.equals(body, i, i + word.length, word, 0, word.length)) {
        return true;
      }
    }
    return false;
  }

  private static byte[] answer(String type, String body) {
    return ascii(
        "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s"
            .formatted(type, body.length(), body));
  }

  private static byte[] chunk(String text) {
    return ascii(Integer.toHexString(text.length()) + "\r\n" + text + "\r\n");
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Closeable connection : connections) {
      connection.close();
    }
  }
}
