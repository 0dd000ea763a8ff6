package dev.sluice.server.process;

import dev.sluice.flowcontrol.types.QueueOutcome;
import dev.sluice.gateway.RequestReport;
import dev.sluice.simulation.workload.RequestLog;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the report of each request to a file that {@code sluice simulate} can replay. It writes
 * counts and times, and no prompt. Never blocks; thread-safe.
 */
final class RequestRecorder implements Consumer<RequestReport>, Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(RequestRecorder.class);
  private static final long MAX_BYTES = 1L << 30;

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
  public void accept(RequestReport report) {
    log.record(
        new RequestLog.Entry(
            report.arrived(),
            report.id(),
            report.tenant(),
            report.flow().id(),
            report.flow().priority(),
            report.model(),
            report.adapter(),
            report.endpoint(),
            report.inputTokens(),
            report.cachedInputTokens(),
            report.outputTokens(),
            report.maxOutputTokens(),
            report.sloNanos(),
            report.ttlNanos(),
            report.sizeBytes(),
            report.status(),
            report.outcome(),
            report.reason(),
            report.offeredNanos(),
            report.waitNanos(),
            report.outcome().equals(QueueOutcome.DISPATCHED.label())
                ? report.decidedNanos()
                : RequestReport.NONE,
            report.firstTokenNanos(),
            report.totalNanos()));
  }

  @Override
  public void close() {
    log.close();
    if (log.dropped() > 0) {
      LOG.warn("{} requests are missing in {}: the disk did not keep up", log.dropped(), file);
    }
  }
}
