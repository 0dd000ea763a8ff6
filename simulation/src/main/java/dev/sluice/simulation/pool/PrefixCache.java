package dev.sluice.simulation.pool;

import dev.sluice.simulation.workload.Arrival;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The prompts that a server remembers, in blocks of {@value Arrival#TOKENS_PER_BLOCK} tokens: the
 * least recently used block goes first, and of one prompt the last, because a block is of use only
 * with all before it. O(blocks of the prompt). Not thread-safe.
 */
final class PrefixCache {
  private final LinkedHashMap<Long, Boolean> blocks = new LinkedHashMap<>(16, 0.75f, true);
  private final long capacity;

  /** An empty cache for so many whole blocks. */
  PrefixCache(long capacityTokens) {
    capacity = capacityTokens / Arrival.TOKENS_PER_BLOCK;
  }

  /** Reads a prompt, and remembers it: the number of its tokens that were there, from its start. */
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

  /** Forgets all. */
  void clear() {
    blocks.clear();
  }

  /** The ids of the blocks that are there, the one that goes first first. */
  List<Long> blocks() {
    return blocks.entrySet().stream().map(Map.Entry::getKey).toList();
  }
}
