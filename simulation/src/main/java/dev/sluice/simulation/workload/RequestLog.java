package dev.sluice.simulation.workload;

import java.io.BufferedWriter;
import java.io.Closeable;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * Writes the requests of a gateway to a file from which {@link Traces} can replay them. Each line
 * is a JSON object with the tenant, the time, the tokens and the outcome of a request. The contents
 * of prompts and answers are not in it.
 *
 * <p>{@link #record} never blocks and never fails: a thread of its own writes, and a request that
 * finds the thread's queue full is left out and counted. So is one that the disk refuses; the log
 * goes on when there is space again. When the file reaches its limit, it replaces {@code FILE.1}
 * and a new file is begun. Thread-safe.
 */
public final class RequestLog implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(RequestLog.class);
  private static final JsonFactory FACTORY = new JsonFactory();
  private static final int QUEUED = 8_192;

  /** The time after which a file that could not be written is tried again. */
  private static final long RETRY_NANOS = 1_000_000_000L;

  private static final Entry END =
      new Entry(
          Instant.EPOCH,
          "",
          "",
          "",
          0,
          "",
          "",
          "",
          0,
          0,
          0,
          -1,
          -1,
          -1,
          0,
          0,
          "",
          "",
          -1,
          -1,
          -1,
          -1,
          -1);

  /**
   * A request that has ended. Immutable.
   *
   * @param time the time of arrival
   * @param id the request's id
   * @param tenant the tenant's id
   * @param flow the flow's id
   * @param priority the priority of the band
   * @param model the model asked for; empty if none was named
   * @param adapter the LoRA adapter asked for; empty for none
   * @param endpoint the id of the last endpoint that was tried; empty for none
   * @param inputTokens prompt tokens
   * @param cachedInputTokens prompt tokens that a prefix cache held
   * @param outputTokens tokens generated
   * @param maxOutputTokens the client's limit, or -1
   * @param sloNanos the time to first token hoped for, or -1
   * @param ttlNanos the time that the request would have waited, or -1
   * @param sizeBytes the size of the body
   * @param status the HTTP status that the client got; 0 if it got none
   * @param outcome the outcome's name in the metrics, such as {@code Dispatched} or {@code
   *     EvictedTTL}, or {@value Traces#NOT_OFFERED}
   * @param reason why the request was refused or failed; empty if it was served
   * @param offeredNanos the time from the arrival to the offer to flow control, or -1
   * @param waitNanos the time from the offer to the decision, or -1
   * @param dispatchedNanos the time from the arrival to the dispatch, or -1
   * @param firstTokenNanos the time from the arrival to the first token, or -1
   * @param totalNanos the time from the arrival to the end, or -1
   */
  public record Entry(
      Instant time,
      String id,
      String tenant,
      String flow,
      int priority,
      String model,
      String adapter,
      String endpoint,
      long inputTokens,
      long cachedInputTokens,
      long outputTokens,
      long maxOutputTokens,
      long sloNanos,
      long ttlNanos,
      long sizeBytes,
      int status,
      String outcome,
      String reason,
      long offeredNanos,
      long waitNanos,
      long dispatchedNanos,
      long firstTokenNanos,
      long totalNanos) {}

  private final Path file;
  private final long maxBytes;
  private final BlockingQueue<Entry> queue = new ArrayBlockingQueue<>(QUEUED);
  private final AtomicLong dropped = new AtomicLong();
  private final Thread writer;
  private volatile boolean closed;

  // The writer's own.
  private long size;
  private long unflushed;
  private boolean broken;
  private long retryNanos;

  /**
   * Opens a log that appends to {@code file}, or creates it.
   *
   * @param maxBytes the size at which the file is renamed; at least 1024
   * @throws IOException if the file can't be opened
   */
  public RequestLog(Path file, long maxBytes) throws IOException {
    if (maxBytes < 1024) {
      throw new IllegalArgumentException("maxBytes: got " + maxBytes + ", allowed >= 1024");
    }
    this.file = file;
    this.maxBytes = maxBytes;
    var first = open();
    size = Files.size(file);
    this.writer = Thread.ofVirtual().name("request-log").start(() -> write(first));
  }

  /**
   * Notes a request. Never blocks: if the disk can't keep up or the log is closed, the request is
   * left out.
   */
  public void record(Entry entry) {
    if (closed || !queue.offer(entry)) {
      dropped.incrementAndGet();
    }
  }

  /** Requests left out so far. */
  public long dropped() {
    return dropped.get();
  }

  /** Writes all recorded requests, then closes the file. Waits at most 10 s. */
  @Override
  public void close() {
    closed = true;
    try {
      if (queue.offer(END, 5, TimeUnit.SECONDS)) {
        writer.join(java.time.Duration.ofSeconds(5));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private BufferedWriter open() throws IOException {
    return Files.newBufferedWriter(
        file, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private void write(BufferedWriter first) {
    @Nullable BufferedWriter out = first;
    try {
      while (true) {
        var entry = queue.poll();
        if (entry == null) { // an idle log is a complete one
          out = flush(out);
          entry = queue.take();
        }
        if (entry == END) {
          break;
        }
        out = write(out, line(entry));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    out = flush(out);
    closeQuietly(out);
  }

  /**
   * Writes a line. If the disk refuses it, for example because it is full, the requests since the
   * last flush are lost and counted, and the file is tried again after a while.
   *
   * @return the open file; null while it cannot be written
   */
  private @Nullable BufferedWriter write(@Nullable BufferedWriter open, String line) {
    var out = open;
    try {
      out = out == null ? reopen() : out;
      if (out == null) {
        dropped.incrementAndGet();
        return null;
      }
      unflushed++;
      if (size > 0 && size + line.length() > maxBytes) {
        out.close();
        Files.move(file, previous(), StandardCopyOption.REPLACE_EXISTING);
        out = open();
        size = 0;
      }
      out.write(line);
      size += line.length();
      return out;
    } catch (IOException e) {
      return fail(out, e);
    }
  }

  private @Nullable BufferedWriter flush(@Nullable BufferedWriter out) {
    if (out == null || unflushed == 0) {
      return out;
    }
    try {
      out.flush();
    } catch (IOException e) {
      return fail(out, e);
    }
    unflushed = 0;
    if (broken) {
      broken = false;
      LOG.warn(
          "The request log {} is written again; {} requests are missing so far", file, dropped());
    }
    return out;
  }

  private @Nullable BufferedWriter fail(@Nullable BufferedWriter out, IOException cause) {
    dropped.addAndGet(unflushed);
    unflushed = 0;
    if (!broken) {
      broken = true;
      LOG.error(
          "The request log {} can't be written, and is tried again: {}", file, cause.toString());
    }
    retryNanos = System.nanoTime() + RETRY_NANOS;
    closeQuietly(out);
    return null;
  }

  /** Opens the file again, on a line of its own; null if it was tried a moment ago. */
  private @Nullable BufferedWriter reopen() throws IOException {
    if (System.nanoTime() - retryNanos < 0) {
      return null;
    }
    var out = open();
    size = Files.size(file);
    if (size > 0) {
      out.newLine(); // the last line may be a part of one; readers skip empty lines
      size++;
    }
    return out;
  }

  private static void closeQuietly(@Nullable BufferedWriter out) {
    try {
      if (out != null) {
        out.close();
      }
    } catch (IOException e) {
      LOG.debug("Closing the request log failed", e); // its loss is counted and logged already
    }
  }

  private Path previous() {
    return file.resolveSibling(file.getFileName() + ".1");
  }

  private static String line(Entry entry) {
    var text = new StringWriter();
    try (var json = FACTORY.createGenerator(ObjectWriteContext.empty(), text)) {
      json.writeStartObject();
      json.writeStringProperty("time", entry.time.toString());
      named(json, "id", entry.id);
      json.writeStringProperty("tenant", entry.tenant);
      json.writeStringProperty("flow", entry.flow);
      json.writeNumberProperty("priority", entry.priority);
      named(json, "model", entry.model);
      named(json, "adapter", entry.adapter);
      named(json, "endpoint", entry.endpoint);
      json.writeNumberProperty("inputTokens", entry.inputTokens);
      json.writeNumberProperty("cachedInputTokens", entry.cachedInputTokens);
      json.writeNumberProperty("outputTokens", entry.outputTokens);
      known(json, "maxOutputTokens", entry.maxOutputTokens);
      known(json, "sloNanos", entry.sloNanos);
      known(json, "ttlNanos", entry.ttlNanos);
      json.writeNumberProperty("sizeBytes", entry.sizeBytes);
      if (entry.status > 0) {
        json.writeNumberProperty("status", entry.status);
      }
      json.writeStringProperty("outcome", entry.outcome);
      named(json, "reason", entry.reason);
      known(json, "offeredNanos", entry.offeredNanos);
      known(json, "waitNanos", entry.waitNanos);
      known(json, "dispatchedNanos", entry.dispatchedNanos);
      known(json, "firstTokenNanos", entry.firstTokenNanos);
      known(json, "totalNanos", entry.totalNanos);
      json.writeEndObject();
    }
    return text.append('\n').toString();
  }

  private static void named(JsonGenerator json, String key, String value) {
    if (!value.isEmpty()) {
      json.writeStringProperty(key, value);
    }
  }

  private static void known(JsonGenerator json, String key, long value) {
    if (value >= 0) {
      json.writeNumberProperty(key, value);
    }
  }

  /** Nanoseconds since 1970. */
  static long nanos(Instant time) {
    return Math.addExact(Math.multiplyExact(time.getEpochSecond(), 1_000_000_000L), time.getNano());
  }
}
