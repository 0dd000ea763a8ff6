package dev.sluice.flowcontrol.plugins.structures;

import java.util.Arrays;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * A heap whose elements know their place, so that any of them can be removed or moved in O(log n)
 * without a search. The smallest key is first, of equal keys the smallest tie. Keys and ties lie in
 * an array of their own, those of four siblings side by side: a comparison looks at no element, and
 * the path from the top to a leaf is half as long as in a binary heap.
 *
 * <p>An element is in at most one heap of a kind; it is at {@code index} iff the slot there holds
 * this very object. Not thread-safe. To be extended by who wants to count comparisons.
 *
 * @param <E> what it holds
 */
public class IndexHeap<E> {
  private static final int CHILDREN = 4;
  private static final @Nullable Object[] NO_SLOTS = {};
  private static final long[] NO_KEYS = {};

  /** Where each element keeps its index. */
  public interface Places<E> {

    /** The element's index, -1 while in no heap. */
    int index(E element);

    /** Keeps the element's index. */
    void index(E element, int index);
  }

  private final Places<E> places;
  private @Nullable Object[] slots = NO_SLOTS;

  /** The key of the element in slot i is at 2i, its tie at 2i + 1. */
  private long[] keys = NO_KEYS;

  private int size;

  /** An empty heap. */
  public IndexHeap(Places<E> places) {
    this.places = places;
  }

  /** Whether one key and tie go before others. */
  protected boolean precedes(long key, long tie, long otherKey, long otherTie) {
    return key != otherKey ? key < otherKey : tie < otherTie;
  }

  /** Number of elements. */
  public final int size() {
    return size;
  }

  /** The element that precedes all others, or null if empty. O(1). */
  public final @Nullable E first() {
    return size == 0 ? null : at(0);
  }

  /** The key of the first element; there must be one. O(1). */
  public final long firstKey() {
    return keys[0];
  }

  /**
   * The element at an index below {@link #size}; the parent of {@code i} is at {@code (i - 1) / 4}.
   */
  @SuppressWarnings({"unchecked", "NullAway"}) // slots below size hold elements
  public final E at(int index) {
    return (E) slots[index];
  }

  /** Whether it is here. O(1). */
  public final boolean contains(E element) {
    return isAt(places.index(element), element);
  }

  private boolean isAt(int index, E element) {
    return index >= 0 && index < size && slots[index] == element;
  }

  /** Adds an element that is in no heap. O(log n). */
  public final void add(E element, long key, long tie) {
    if (size == slots.length) {
      var capacity = size == 0 ? 1 : Math.max(CHILDREN, 2 * size); // most heaps hold one
      slots = Arrays.copyOf(slots, capacity);
      keys = Arrays.copyOf(keys, 2 * capacity);
    }
    siftUp(size++, element, key, tie);
  }

  /** Takes an element out; false if it is not here. O(log n). */
  public final boolean remove(E element) {
    var hole = places.index(element);
    if (!isAt(hole, element)) {
      return false;
    }
    var last = at(--size);
    slots[size] = null;
    places.index(element, -1);
    if (hole != size) {
      settle(hole, last, keys[2 * size], keys[2 * size + 1]);
    }
    if (slots.length > CHILDREN && size < slots.length / 4) {
      slots = Arrays.copyOf(slots, slots.length / 2);
      keys = Arrays.copyOf(keys, 2 * slots.length);
    }
    return true;
  }

  /** Gives an element that is here another key and tie. O(log n). */
  public final void moved(E element, long key, long tie) {
    var index = places.index(element);
    if (!isAt(index, element)) {
      throw new IllegalStateException("not in this heap: " + element);
    }
    settle(index, element, key, tie);
  }

  /** Gives every element another key; ties stay. O(n). */
  public final void rekey(ToLongFunction<? super E> keyOf) {
    for (var i = 0; i < size; i++) {
      keys[2 * i] = keyOf.applyAsLong(at(i));
    }
    for (var i = (size - 2) / CHILDREN; i >= 0 && size > 1; i--) {
      siftDown(i, at(i), keys[2 * i], keys[2 * i + 1]);
    }
  }

  private void settle(int index, E element, long key, long tie) {
    var parent = (index - 1) / CHILDREN;
    if (index > 0 && precedes(key, tie, keys[2 * parent], keys[2 * parent + 1])) {
      siftUp(index, element, key, tie);
    } else {
      siftDown(index, element, key, tie);
    }
  }

  private void siftUp(int from, E element, long key, long tie) {
    var i = from;
    while (i > 0) {
      var parent = (i - 1) / CHILDREN;
      if (!precedes(key, tie, keys[2 * parent], keys[2 * parent + 1])) {
        break;
      }
      place(i, at(parent), keys[2 * parent], keys[2 * parent + 1]);
      i = parent;
    }
    place(i, element, key, tie);
  }

  private void siftDown(int from, E element, long key, long tie) {
    var i = from;
    for (var child = CHILDREN * i + 1; child < size; child = CHILDREN * i + 1) {
      var best = child;
      var end = Math.min(child + CHILDREN, size);
      for (var other = child + 1; other < end; other++) {
        if (precedes(keys[2 * other], keys[2 * other + 1], keys[2 * best], keys[2 * best + 1])) {
          best = other;
        }
      }
      if (!precedes(keys[2 * best], keys[2 * best + 1], key, tie)) {
        break;
      }
      place(i, at(best), keys[2 * best], keys[2 * best + 1]);
      i = best;
    }
    place(i, element, key, tie);
  }

  private void place(int index, E element, long key, long tie) {
    slots[index] = element;
    keys[2 * index] = key;
    keys[2 * index + 1] = tie;
    places.index(element, index);
  }
}
