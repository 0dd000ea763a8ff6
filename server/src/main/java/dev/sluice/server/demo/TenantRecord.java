package dev.sluice.server.demo;

import java.util.Arrays;

/**
 * The outcomes of one tenant's requests, as its client and the model servers saw them. Thread-safe.
 */
final class TenantRecord {
  private final DemoPlan.Tenant tenant;
  private final Samples waits = new Samples();
  private final Samples firstBytes = new Samples();
  private int offered;
  private int started;
  private int startedAndEnded;
  private int done;
  private int refused;
  private int failed;
  private int cut;

  /** The ways in which a request can end for its client. */
  enum End {
    DONE,
    REFUSED,
    FAILED,
    /** The demo was interrupted and did not wait for the answer. */
    CUT
  }

  /**
   * The record at one moment.
   *
   * @param running requests at a model server
   * @param queued requests that were sent, and have neither started nor ended
   */
  record Snapshot(
      DemoPlan.Tenant tenant,
      int offered,
      int running,
      int queued,
      int done,
      int refused,
      int failed,
      int cut,
      DemoSummary.Percentiles waitMillis,
      DemoSummary.Percentiles firstByteMillis) {}

  TenantRecord(DemoPlan.Tenant tenant) {
    this.tenant = tenant;
  }

  synchronized void sent() {
    offered++;
  }

  /**
   * A model server started one of the tenant's requests, {@code waitNanos} after the client sent
   * it.
   */
  synchronized void started(long waitNanos) {
    started++;
    waits.add(waitNanos);
  }

  synchronized void firstByte(long nanosAfterSend) {
    firstBytes.add(nanosAfterSend);
  }

  /**
   * One of the tenant's requests ended; {@code hadStarted} says whether a model server ever saw it.
   */
  synchronized void ended(End end, boolean hadStarted) {
    switch (end) {
      case DONE -> done++;
      case REFUSED -> refused++;
      case FAILED -> failed++;
      case CUT -> cut++;
    }
    if (hadStarted) {
      startedAndEnded++;
    }
  }

  synchronized Snapshot snapshot() {
    var running = started - startedAndEnded;
    return new Snapshot(
        tenant,
        offered,
        running,
        offered - done - refused - failed - cut - running,
        done,
        refused,
        failed,
        cut,
        waits.percentiles(),
        firstBytes.percentiles());
  }

  /** All measured times: a demo has thousands, not millions. */
  private static final class Samples {
    private long[] nanos = new long[256];
    private int size;

    void add(long sample) {
      if (size == nanos.length) {
        nanos = Arrays.copyOf(nanos, size * 2);
      }
      nanos[size++] = sample;
    }

    DemoSummary.Percentiles percentiles() {
      var sorted = Arrays.copyOf(nanos, size);
      Arrays.sort(sorted);
      return new DemoSummary.Percentiles(millis(sorted, 0.5), millis(sorted, 0.99));
    }

    private static double millis(long[] sorted, double quantile) {
      if (sorted.length == 0) {
        return 0;
      }
      var index = (int) Math.ceil(quantile * sorted.length) - 1;
      return Math.round(sorted[Math.max(0, index)] / 1e4) / 100.0;
    }
  }
}
