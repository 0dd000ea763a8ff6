package dev.sluice.modelserver;

import java.util.LinkedHashSet;
import java.util.SequencedSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Which requests run and which wait, as vLLM decides it: first come, first served; a request whose
 * adapter has no slot is passed over, one whose prompt does not fit into the KV cache is not. Where
 * the cache runs out, the youngest running request goes back to the head of the queue and loses
 * what it held there, unless it is alone. Not thread-safe.
 *
 * @param <M> the requests
 */
final class Batch<M extends Batch.Member> {
  private final int maxRunning;
  private final int maxAdapters;
  private final long kvTokens;
  private final SequencedSet<M> waiting = new LinkedHashSet<>();
  private final SequencedSet<M> running = new LinkedHashSet<>();
  private long kvUsed;

  /** A request. */
  interface Member {
    /** What it holds of the KV cache when it runs: its prompt and what it has generated. */
    int kvTokens();

    /** Its adapter's name; empty if it has none. */
    String adapter();
  }

  Batch(int maxRunning, int maxAdapters, long kvTokens) {
    this.maxRunning = maxRunning;
    this.maxAdapters = maxAdapters;
    this.kvTokens = kvTokens;
  }

  /** A request arrived. */
  void add(M arrived) {
    waiting.addLast(arrived);
  }

  /** Lets the next request run that can; null if none can. O(waiting) where adapters are full. */
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
   * Makes room for one more token of a running request, to be called before its {@link
   * Member#kvTokens} grows by one.
   *
   * @param preempted told of each request that goes back to the queue
   * @return false if that request itself had to go
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

  /** A request is over; false if it neither ran nor waited. */
  boolean remove(M gone) {
    if (running.remove(gone)) {
      kvUsed -= gone.kvTokens();
      return true;
    }
    return waiting.remove(gone);
  }

  /** The used part of the KV cache, 0 to 1. */
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
