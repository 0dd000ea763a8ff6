package dev.sluice.simulation.workload;

import java.util.List;

/**
 * A request of a workload. Immutable.
 *
 * @param atNanos the time of arrival, since the workload's start
 * @param tenant the tenant's id
 * @param flow the flow's id
 * @param priority the priority of the band
 * @param model the model that the request needs; empty for any
 * @param adapter the LoRA adapter that the request needs; empty for none
 * @param inputTokens prompt tokens, at least 0
 * @param cachedInputTokens prompt tokens that a prefix cache holds, 0 to {@code inputTokens}
 * @param outputTokens the tokens that the model will generate, at least 0; only the simulated
 *     server knows them beforehand
 * @param maxOutputTokens the limit that the client set, or -1 for none
 * @param sloNanos the time to first token that the client hopes for, or -1
 * @param ttlNanos the time that the request may wait, or -1 for the configured time
 * @param sizeBytes the size while the request is queued, at least 0
 * @param prefixBlocks the ids of the prompt's blocks, from the start; empty if unknown. A server
 *     with a prefix cache of its own uses these ids, and {@code cachedInputTokens} is then only the
 *     number that the engine expects.
 */
public record Arrival(
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

  /** Prompt tokens in each of the {@code prefixBlocks}, as in Mooncake's traces. */
  public static final long TOKENS_PER_BLOCK = 512;

  public Arrival {
    least("atNanos", atNanos, 0);
    least("inputTokens", inputTokens, 0);
    least("outputTokens", outputTokens, 0);
    least("maxOutputTokens", maxOutputTokens, -1);
    least("sloNanos", sloNanos, -1);
    least("ttlNanos", ttlNanos, -1);
    least("sizeBytes", sizeBytes, 0);
    if (cachedInputTokens < 0 || cachedInputTokens > inputTokens) {
      throw new IllegalArgumentException(
          "cachedInputTokens: got " + cachedInputTokens + ", allowed 0 to " + inputTokens);
    }
    prefixBlocks = List.copyOf(prefixBlocks);
  }

  /** As this, at another time. */
  public Arrival at(long nanos) {
    return with(nanos, ttlNanos);
  }

  /** As this, with another time to live. */
  public Arrival withTtl(long nanos) {
    return with(atNanos, nanos);
  }

  private Arrival with(long newAtNanos, long newTtlNanos) {
    return new Arrival(
        newAtNanos,
        tenant,
        flow,
        priority,
        model,
        adapter,
        inputTokens,
        cachedInputTokens,
        outputTokens,
        maxOutputTokens,
        sloNanos,
        newTtlNanos,
        sizeBytes,
        prefixBlocks);
  }

  private static void least(String name, long value, long least) {
    if (value < least) {
      throw new IllegalArgumentException(name + ": got " + value + ", allowed >= " + least);
    }
  }
}
