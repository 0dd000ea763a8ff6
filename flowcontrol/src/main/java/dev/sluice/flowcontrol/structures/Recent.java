package dev.sluice.flowcontrol.structures;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Entries by key, of which there are never more than a given number: if one too many is added, one
 * that was not used for long is forgotten. Not thread-safe.
 *
 * <p>The entries stand in a queue, each with a mark that says whether it was used. To make room,
 * the first entry is forgotten, unless it was used: then it loses its mark and goes to the end of
 * the queue. So a look-up moves nothing, as it would in a list by last use. Each call is O(1),
 * counted over many calls; an addition to a full map is O(entries) at worst. This is the clock
 * algorithm (Corbato, 1968).
 */
public final class Recent<K, E extends Recent.Entry<K>> {

  /** What is kept under a key. */
  public abstract static class Entry<K> {
    private final K key;
    private boolean used;
    private boolean kept;

    /** An entry that is not kept yet. */
    protected Entry(K key) {
      this.key = key;
    }

    /** The key. */
    public final K key() {
      return key;
    }

    /** Whether the entry was added and has not been forgotten. */
    public final boolean isKept() {
      return kept;
    }

    /** Marks the entry as used, as a look-up does. */
    public final void use() {
      used = true;
    }
  }

  private final int most;
  private final Map<K, E> entries = new HashMap<>();
  private final ArrayDeque<E> turns = new ArrayDeque<>();
  private long additions;

  /** An empty map for so many entries, at least 1. */
  public Recent(int most) {
    this.most = most;
  }

  /** The entry of a key; null if there is none. Marks it as used. */
  public @Nullable E get(K key) {
    var entry = entries.get(key);
    if (entry != null) {
      entry.use();
    }
    return entry;
  }

  /** Adds an entry whose key has none, and returns it. */
  public E add(E entry) {
    if (entries.size() == most) {
      makeRoom();
    }
    additions++;
    entries.put(entry.key(), entry);
    turns.addLast(entry);
    keep(entry, true);
    return entry;
  }

  /** The number of entries. */
  public int size() {
    return entries.size();
  }

  /** How often an entry was added. While this stays the same, a key that had no entry has none. */
  public long additions() {
    return additions;
  }

  private void makeRoom() {
    var first = turns.removeFirst();
    while (takeMark(first)) {
      turns.addLast(first);
      first = turns.removeFirst();
    }
    keep(first, false);
    entries.remove(first.key());
  }

  private static boolean takeMark(Entry<?> entry) {
    var used = entry.used;
    entry.used = false;
    return used;
  }

  private static void keep(Entry<?> entry, boolean kept) {
    entry.kept = kept;
  }
}
