package dev.sluice.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * Clients on virtual threads. Each sends one request after the other on a connection of its own.
 * This is a closed loop: it measures the cost of a request, and not how latency grows with load.
 */
final class LoadClient {
  private static final long MOST_MICROS = 120_000_000;
  private static final int PATIENCE_MILLIS = 60_000;

  /**
   * The result of a load.
   *
   * @param requests the number of answered requests
   * @param seconds the duration of the load
   * @param firstByteMicros the times from sending a request to the first byte of the answer's body
   * @param totalMicros the times from sending a request to the last byte of the answer
   */
  record Outcome(long requests, double seconds, Histogram firstByteMicros, Histogram totalMicros) {}

  private final int port;
  private final byte[] request;

  /** Clients of a gateway on loopback that all send {@code request}. */
  LoadClient(int port, byte[] request) {
    this.port = port;
    this.request = request.clone();
  }

  /** A chat completion request with a prompt of {@code promptBytes} bytes. */
  static byte[] request(String apiKey, boolean stream, int promptBytes) {
    var body =
        """
        {"model":"m","stream":%b,"max_tokens":64,"messages":[{"role":"user","content":"%s"}]}\
        """
            .formatted(stream, "x".repeat(promptBytes));
    return """
    POST /v1/chat/completions HTTP/1.1\r
    Host: 127.0.0.1\r
    Authorization: Bearer %s\r
    Content-Type: application/json\r
    Content-Length: %d\r
    \r
    %s\
    """
        .formatted(apiKey, body.length(), body)
        .getBytes(StandardCharsets.US_ASCII);
  }

  /** Sends requests for {@code seconds}. */
  Outcome sendFor(double seconds, int connections) throws InterruptedException, ExecutionException {
    var end = System.nanoTime() + (long) (seconds * 1e9);
    return run(connections, () -> System.nanoTime() < end, () -> {});
  }

  /** Sends {@code requests} requests. */
  Outcome send(int requests, int connections) throws InterruptedException, ExecutionException {
    return send(requests, connections, () -> {});
  }

  /**
   * Sends {@code requests} requests. When the body of an answer begins, {@code began} runs on any
   * thread.
   */
  Outcome send(int requests, int connections, Runnable began)
      throws InterruptedException, ExecutionException {
    var left = new AtomicInteger(requests);
    return run(connections, () -> left.getAndDecrement() > 0, began);
  }

  private Outcome run(int connections, BooleanSupplier another, Runnable began)
      throws InterruptedException, ExecutionException {
    var first = new ConcurrentHistogram(MOST_MICROS, 3);
    var total = new ConcurrentHistogram(MOST_MICROS, 3);
    var begin = System.nanoTime();
    try (var clients = Executors.newVirtualThreadPerTaskExecutor()) {
      var running = new ArrayList<Future<?>>();
      for (var i = 0; i < connections; i++) {
        running.add(
            clients.submit(() -> {
              converse(another, began, first, total);
              return null;
            }));
      }
      for (var client : running) {
        client.get();
      }
    }
    return new Outcome(total.getTotalCount(), (System.nanoTime() - begin) / 1e9, first, total);
  }

  private void converse(BooleanSupplier another, Runnable began, Histogram first, Histogram total)
      throws IOException {
    try (var socket = new Socket()) {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(PATIENCE_MILLIS);
      socket.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), port), PATIENCE_MILLIS);
      var buffer = new byte[4 << 10];
      while (another.getAsBoolean()) {
        var begin = System.nanoTime();
        socket.getOutputStream().write(request);
        var body = skipHead(socket.getInputStream(), buffer);
        first.recordValue((System.nanoTime() - begin) / 1_000);
        began.run();
        body.skip(socket.getInputStream(), buffer);
        total.recordValue((System.nanoTime() - begin) / 1_000);
      }
    }
  }

  /** An answer whose body has begun: the read bytes of the body, and its length. */
  private record Body(int from, int read, int length) {
    private static final int CHUNKED = -1;

    /** Reads to the end of the answer. */
    void skip(InputStream in, byte[] buffer) throws IOException {
      if (length != CHUNKED) {
        in.skipNBytes(length - (read - from));
        return;
      }
      // Events contain no carriage return, so only the last chunk can end like this.
      var tail = "";
      var at = from;
      var end = read;
      while (true) {
        var kept = Math.max(at, end - 5);
        tail += new String(buffer, kept, end - kept, StandardCharsets.ISO_8859_1);
        tail = tail.substring(Math.max(0, tail.length() - 5));
        if (tail.equals("0\r\n\r\n")) {
          return;
        }
        at = 0;
        end = readSome(in, buffer, 0);
      }
    }
  }

  private static Body skipHead(InputStream in, byte[] buffer) throws IOException {
    var read = 0;
    var head = "";
    var end = -1;
    while (end < 0 || read == end + 4) { // until the body has begun
      read += readSome(in, buffer, read);
      head = new String(buffer, 0, read, StandardCharsets.ISO_8859_1);
      end = head.indexOf("\r\n\r\n");
    }
    if (!head.startsWith("HTTP/1.1 200 ")) {
      throw new IOException("the gateway answered: " + head);
    }
    var name = "content-length: ";
    var length = head.toLowerCase(Locale.ROOT).indexOf(name);
    if (length < 0) {
      return new Body(end + 4, read, Body.CHUNKED);
    }
    var digits = length + name.length();
    return new Body(
        end + 4, read, Integer.parseInt(head.substring(digits, head.indexOf('\r', digits))));
  }

  private static int readSome(InputStream in, byte[] buffer, int at) throws IOException {
    var size = in.read(buffer, at, buffer.length - at);
    if (size <= 0) {
      throw new IOException("the gateway broke off its answer");
    }
    return size;
  }
}
