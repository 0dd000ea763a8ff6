package dev.sluice.server;

import dev.sluice.flowcontrol.contracts.EngineObserver;
import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.QueueOutcome;
import dev.sluice.flowcontrol.types.RejectReason;
import dev.sluice.flowcontrol.types.Usage;
import dev.sluice.simulation.workload.RequestLog;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the outcome of each request to a file that {@code sluice simulate} can replay. It writes
 * counts and times, and no prompt. Never blocks; thread-safe.
 */
final class RequestRecorder implements EngineObserver, Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(RequestRecorder.class);
  private static final long MAX_BYTES = 1L << 30;
  private static final long UNKNOWN = -1;

  private final Path file;
  private final RequestLog log;

  /**
   * Appends to a file, or creates it.
   *
   * @throws IllegalStateException if the file cannot be opened
   */
  RequestRecorder(Path file) {
    this.file = file;
    try {
      log = new RequestLog(file, MAX_BYTES);
    } catch (IOException e) {
      throw new IllegalStateException(
          "gateway.requestLog: cannot write to " + file + ": " + e.getMessage(), e);
    }
  }

  @Override
  public void returned(
      long sequence,
      long nowNanos,
      FlowControlRequest request,
      Usage usage,
      long ranNanos,
      boolean reclaimed) {
    var arrived = arrivedAt(request, nowNanos - ranNanos);
    record(
        request, QueueOutcome.DISPATCHED, usage, nowNanos - ranNanos - arrived, nowNanos - arrived);
  }

  @Override
  public void rejected(
      long sequence, long nowNanos, FlowControlRequest request, RejectReason reason) {
    var took = nowNanos - arrivedAt(request, nowNanos);
    record(request, reason.outcome(), Usage.of(request.inputTokens(), 0), UNKNOWN, took);
  }

  @Override
  public void evicted(
      long sequence,
      long nowNanos,
      FlowControlRequest request,
      EvictReason reason,
      long waitedNanos) {
    var took = nowNanos - arrivedAt(request, nowNanos - waitedNanos);
    record(request, reason.outcome(), Usage.of(request.inputTokens(), 0), waitedNanos, took);
  }

  private static long arrivedAt(FlowControlRequest request, long otherwise) {
    var arrived = request.arrivedAtNanos();
    return arrived == FlowControlRequest.UNSET ? otherwise : arrived;
  }

  private void record(
      FlowControlRequest request,
      QueueOutcome outcome,
      Usage usage,
      long waitNanos,
      long tookNanos) {
    log.record(
        new RequestLog.Entry(
            Instant.now().minusNanos(tookNanos),
            request.tenant(),
            request.flow().id(),
            request.flow().priority(),
            request.eligibility().model(),
            request.eligibility().adapter(),
            usage.inputTokens(),
            usage.cachedInputTokens(),
            usage.outputTokens(),
            given(request.maxOutputTokens()),
            given(request.sloNanos()),
            given(request.ttlNanos()),
            request.sizeBytes(),
            outcome.label(),
            waitNanos,
            UNKNOWN,
            tookNanos));
  }

  private static long given(long value) {
    return value == FlowControlRequest.UNSET ? UNKNOWN : value;
  }

  @Override
  public void close() {
    log.close();
    if (log.dropped() > 0) {
      LOG.warn("{} requests are missing in {}: the disk did not keep up", log.dropped(), file);
    }
  }
}
