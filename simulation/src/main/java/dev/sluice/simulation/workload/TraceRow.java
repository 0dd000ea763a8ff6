package dev.sluice.simulation.workload;

import java.util.List;

/**
 * A request as a trace tells it, before options apply; {@link #NONE} and the empty string stand for
 * what it doesn't tell, as -1 does where no count can be negative. Nanos count from the trace's own
 * zero, whatever that is.
 */
record TraceRow(
    long atNanos,
    String tenant,
    String flow,
    int priority,
    String model,
    String adapter,
    long inputTokens,
    long cachedInputTokens,
    long outputTokens,
    long maxOutputTokens,
    long sloNanos,
    long ttlNanos,
    long sizeBytes,
    List<Long> prefixBlocks) {

  /** Not told. */
  static final int NONE = Integer.MIN_VALUE;

  /** A row of which only time, tokens and perhaps a tenant are known. */
  static TraceRow of(
      long atNanos, String tenant, long input, long cached, long output, List<Long> blocks) {
    return new TraceRow(
        atNanos, tenant, "", NONE, "", "", input, cached, output, -1, -1, -1, -1, blocks);
  }
}
