package dev.sluice.simulation.pool;

import dev.sluice.simulation.workload.Arrival;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The prompts that a server remembers, in blocks of {@value Arrival#TOKENS_PER_BLOCK} tokens. If
 * the cache is full, the least recently used block is dropped. Within one prompt the last block
 * counts as the least recently used, because a block is of use only with all blocks before it.
 * O(blocks of the prompt). Not thread-safe.
 */
final class PrefixCache {
  private final LinkedHashMap<Long, Boolean> blocks = new LinkedHashMap<>(16, 0.75f, true);
  private final long capacity;

  /** An empty cache. Tokens beyond the last whole block are not used. */
  PrefixCache(long capacityTokens) {
    capacity = capacityTokens / Arrival.TOKENS_PER_BLOCK;
  }

  /** Remembers a prompt. Returns how many of its first tokens were remembered before. */
  long read(List<Long> prompt, long inputTokens) {
    var hits = 0;
    while (hits < prompt.size() && blocks.containsKey(prompt.get(hits))) {
      hits++;
    }
    for (var block : prompt.reversed()) {
      blocks.put(block, true);
    }
    for (var oldest = blocks.entrySet().iterator(); blocks.size() > capacity; ) {
      oldest.next();
      oldest.remove();
    }
    return Math.min(hits * Arrival.TOKENS_PER_BLOCK, inputTokens);
  }

  /** Forgets everything. */
  void clear() {
    blocks.clear();
  }

  /** The ids of the remembered blocks, the least recently used first. */
  List<Long> blocks() {
    return blocks.entrySet().stream().map(Map.Entry::getKey).toList();
  }
}
