package dev.sluice.modelserver;

import java.util.LinkedHashSet;
import java.util.SequencedSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Decides which requests run and which wait, as vLLM does: first come, first served.
 *
 * <p>If the adapter of a request has no slot, later requests may go first. If its prompt does not
 * fit into the KV cache, they may not. If the cache is full and several requests run, the youngest
 * of them loses its place in the cache and goes back to the head of the queue. Not thread-safe.
 *
 * @param <M> the type of the requests
 */
final class Batch<M extends Batch.Member> {
  private final int maxRunning;
  private final int maxAdapters;
  private final long kvTokens;
  private final SequencedSet<M> waiting = new LinkedHashSet<>();
  private final SequencedSet<M> running = new LinkedHashSet<>();
  private long kvUsed;

  /** A request that runs or waits. */
  interface Member {
    /** The tokens in the KV cache while the request runs: its prompt and its generated tokens. */
    int kvTokens();

    /** The name of the request's adapter; empty if it has none. */
    String adapter();
  }

  Batch(int maxRunning, int maxAdapters, long kvTokens) {
    this.maxRunning = maxRunning;
    this.maxAdapters = maxAdapters;
    this.kvTokens = kvTokens;
  }

  /** Adds a request that has arrived to the end of the queue. */
  void add(M arrived) {
    waiting.addLast(arrived);
  }

  /** Lets the next request run that can, and returns it; null if none can. O(waiting) at worst. */
  @Nullable M admit() {
    if (running.size() >= maxRunning) {
      return null;
    }
    var adapters = waiting.isEmpty() ? Set.<String>of() : runningAdapters();
    for (var next : waiting) {
      if (!hasSlot(next.adapter(), adapters)) {
        continue;
      }
      if (!running.isEmpty() && kvUsed + next.kvTokens() > kvTokens) {
        return null;
      }
      waiting.remove(next);
      running.addLast(next);
      kvUsed += next.kvTokens();
      return next;
    }
    return null;
  }

  private boolean hasSlot(String adapter, Set<String> adapters) {
    return adapter.isEmpty() || adapters.contains(adapter) || adapters.size() < maxAdapters;
  }

  /**
   * Makes room for one more token of a running request. Must be called before {@link
   * Member#kvTokens} of the request grows by one.
   *
   * @param preempted is told of each request that goes back to the queue
   * @return false if the request itself went back to the queue
   */
  boolean grow(M growing, Consumer<? super M> preempted) {
    while (kvUsed + 1 > kvTokens && running.size() > 1) {
      var youngest = running.removeLast();
      kvUsed -= youngest.kvTokens();
      waiting.addFirst(youngest);
      preempted.accept(youngest);
      if (youngest == growing) {
        return false;
      }
    }
    kvUsed++;
    return true;
  }

  /** Removes a request that is over. Returns false if it neither ran nor waited. */
  boolean remove(M gone) {
    if (running.remove(gone)) {
      kvUsed -= gone.kvTokens();
      return true;
    }
    return waiting.remove(gone);
  }

  /** The used fraction of the KV cache, 0 to 1. */
  double kvUsage() {
    return Math.min(1.0, kvUsed / (double) kvTokens);
  }

  /** The adapters of running requests, sorted. */
  Set<String> runningAdapters() {
    return adapters(running);
  }

  /** The adapters of waiting requests, sorted. */
  Set<String> waitingAdapters() {
    return adapters(waiting);
  }

  private static Set<String> adapters(Set<? extends Member> members) {
    var names = new TreeSet<String>();
    for (var member : members) {
      if (!member.adapter().isEmpty()) {
        names.add(member.adapter());
      }
    }
    return names;
  }
}
