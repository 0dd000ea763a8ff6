package dev.sluice.flowcontrol.structures;

import java.util.Arrays;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * A heap whose elements know their place, so that any element can be removed or moved in O(log n)
 * without a search. The element with the smallest key is first; equal keys are ordered by their
 * ties.
 *
 * <p>While an element is in the heap, it keeps one slot. A change of order moves numbers in arrays
 * only. It touches no element, which could cost a wait for memory, and stores no reference, which
 * could cost a write barrier of the garbage collector. Each node has four children: their keys lie
 * side by side in memory, and a path from the top to a leaf is half as long as in a binary heap.
 *
 * <p>An element is in at most one heap of each kind of {@link Places}. An element is in this heap
 * if and only if the slot with its index holds that same object. Not thread-safe. Not final, so
 * that a subclass can count comparisons.
 *
 * @param <E> the type of the elements
 */
public class IndexHeap<E> {
  private static final int CHILDREN = 4;
  private static final @Nullable Object[] NO_SLOTS = {};
  private static final int[] NO_LINKS = {};
  private static final long[] NO_KEYS = {};

  /** Reads and writes the field in which an element keeps its index, the number of its slot. */
  public interface Places<E> {

    /** The element's index; -1 while the element is in no heap. */
    int index(E element);

    /** Stores the element's index. */
    void index(E element, int index);
  }

  private final Places<E> places;
  private @Nullable Object[] slots = NO_SLOTS;

  /**
   * Links in both directions. At 2i is the slot of the element in place i of the heap; the places
   * from {@link #size} on list the free slots. At 2i + 1 is the place of the element in slot i.
   */
  private int[] links = NO_LINKS;

  /** The key of the element in place i is at 2i, and its tie is at 2i + 1. */
  private long[] keys = NO_KEYS;

  private int size;

  /** An empty heap. */
  public IndexHeap(Places<E> places) {
    this.places = places;
  }

  /** Whether an element with this key and tie goes before an element with the other key and tie. */
  protected boolean precedes(long key, long tie, long otherKey, long otherTie) {
    return key != otherKey ? key < otherKey : tie < otherTie;
  }

  /** The number of elements. */
  public final int size() {
    return size;
  }

  /** The element that precedes all others, or null if the heap is empty. O(1). */
  public final @Nullable E first() {
    return size == 0 ? null : at(0);
  }

  /** The key of the first element. The heap must not be empty. O(1). */
  public final long firstKey() {
    return keys[0];
  }

  /**
   * The element in a place, which must be below {@link #size}. The parent of the element in place
   * {@code i} is in place {@code (i - 1) / 4}.
   */
  public final E at(int place) {
    return in(links[2 * place]);
  }

  @SuppressWarnings({"unchecked", "NullAway"}) // asked for slots that hold elements
  private E in(int slot) {
    return (E) slots[slot];
  }

  /** Whether the element is in this heap. O(1). */
  public final boolean contains(E element) {
    return isAt(places.index(element), element);
  }

  private boolean isAt(int slot, E element) {
    return slot >= 0 && slot < slots.length && slots[slot] == element;
  }

  /** Adds an element that is in no heap yet. O(log n). */
  public final void add(E element, long key, long tie) {
    if (size == slots.length) {
      resize(size == 0 ? 1 : Math.max(CHILDREN, 2 * size)); // most heaps hold one
    }
    var slot = links[2 * size];
    slots[slot] = element;
    places.index(element, slot);
    siftUp(size++, slot, key, tie);
  }

  /** Removes an element. Returns false if it was not in this heap. O(log n). */
  public final boolean remove(E element) {
    var slot = places.index(element);
    if (!isAt(slot, element)) {
      return false;
    }
    slots[slot] = null;
    places.index(element, -1);
    var hole = links[2 * slot + 1];
    var last = links[2 * --size];
    links[2 * size] = slot;
    if (hole != size) {
      sift(hole, last, keys[2 * size], keys[2 * size + 1]);
    }
    if (slots.length > CHILDREN && size < slots.length / 4) {
      resize(slots.length / 2);
    }
    return true;
  }

  /** Changes the capacity, and gives each element the slot with the number of its place. */
  private void resize(int capacity) {
    var newSlots = new Object[capacity];
    var newLinks = new int[2 * capacity];
    for (var i = 0; i < capacity; i++) {
      if (i < size) {
        var element = at(i);
        newSlots[i] = element;
        places.index(element, i);
      }
      newLinks[2 * i] = i;
      newLinks[2 * i + 1] = i;
    }
    slots = newSlots;
    links = newLinks;
    keys = Arrays.copyOf(keys, 2 * capacity);
  }

  /** Gives another key and tie to an element of this heap, and moves it to its place. O(log n). */
  public final void moved(E element, long key, long tie) {
    var slot = places.index(element);
    if (!isAt(slot, element)) {
      throw new IllegalStateException("not in this heap: " + element);
    }
    sift(links[2 * slot + 1], slot, key, tie);
  }

  /** Gives every element another key and restores the order. Ties stay as they are. O(n). */
  public final void rekey(ToLongFunction<? super E> keyOf) {
    for (var i = 0; i < size; i++) {
      keys[2 * i] = keyOf.applyAsLong(at(i));
    }
    for (var i = (size - 2) / CHILDREN; i >= 0 && size > 1; i--) {
      siftDown(i, links[2 * i], keys[2 * i], keys[2 * i + 1]);
    }
  }

  private void sift(int place, int slot, long key, long tie) {
    var parent = (place - 1) / CHILDREN;
    if (place > 0 && precedes(key, tie, keys[2 * parent], keys[2 * parent + 1])) {
      siftUp(place, slot, key, tie);
    } else {
      siftDown(place, slot, key, tie);
    }
  }

  private void siftUp(int from, int slot, long key, long tie) {
    var i = from;
    while (i > 0) {
      var parent = (i - 1) / CHILDREN;
      if (!precedes(key, tie, keys[2 * parent], keys[2 * parent + 1])) {
        break;
      }
      place(i, links[2 * parent], keys[2 * parent], keys[2 * parent + 1]);
      i = parent;
    }
    place(i, slot, key, tie);
  }

  private void siftDown(int from, int slot, long key, long tie) {
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
      place(i, links[2 * best], keys[2 * best], keys[2 * best + 1]);
      i = best;
    }
    place(i, slot, key, tie);
  }

  private void place(int at, int slot, long key, long tie) {
    links[2 * at] = slot;
    links[2 * slot + 1] = at;
    keys[2 * at] = key;
    keys[2 * at + 1] = tie;
  }
}
