package dev.sluice.simulation.workload;

import java.util.List;

/**
 * A request as it is in a trace, before options apply. A value that the trace does not give is
 * {@link #NONE}, the empty string, or -1 for counts, which cannot be negative. Nanos count from an
 * origin of the trace's own.
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

  /** Stands for a number that the trace does not give. */
  static final int NONE = Integer.MIN_VALUE;

  /** A row with only a time, tokens and perhaps a tenant. */
  static TraceRow of(
      long atNanos, String tenant, long input, long cached, long output, List<Long> blocks) {
    return new TraceRow(
        atNanos, tenant, "", NONE, "", "", input, cached, output, -1, -1, -1, -1, blocks);
  }

  /** This row, for a model. */
  TraceRow ofModel(String name) {
    return new TraceRow(
        atNanos,
        tenant,
        flow,
        priority,
        name,
        adapter,
        inputTokens,
        cachedInputTokens,
        outputTokens,
        maxOutputTokens,
        sloNanos,
        ttlNanos,
        sizeBytes,
        prefixBlocks);
  }
}
