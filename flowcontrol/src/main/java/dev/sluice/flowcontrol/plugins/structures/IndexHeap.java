package dev.sluice.flowcontrol.plugins.structures;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A binary heap whose elements know their place, so that any of them can be removed or moved in
 * O(log n) without a search. An element is in at most one heap of a kind; it is at {@code index}
 * iff the slot there holds this very object.
 *
 * <p>Not thread-safe. The order of an element may change while it is inside if {@link #moved}
 * follows before any other call.
 *
 * @param <E> what it holds
 */
public final class IndexHeap<E> {
  private static final int SMALLEST = 4;
  private static final @Nullable Object[] NONE = {};

  /** The order of elements, and where each keeps its index. */
  public interface Order<E> {

    /** Whether {@code a} goes before {@code b}; a strict order. */
    boolean precedes(E a, E b);

    /** The element's index, -1 while in no heap. */
    int index(E element);

    /** Keeps the element's index. */
    void index(E element, int index);
  }

  private final Order<E> order;
  private @Nullable Object[] slots = NONE;
  private int size;

  /** An empty heap. */
  public IndexHeap(Order<E> order) {
    this.order = order;
  }

  /** Number of elements. */
  public int size() {
    return size;
  }

  /** The element that precedes all others, or null if empty. O(1). */
  public @Nullable E first() {
    return size == 0 ? null : at(0);
  }

  /**
   * The element at an index below {@link #size}; the parent of {@code i} is at {@code (i - 1) / 2}.
   */
  @SuppressWarnings({"unchecked", "NullAway"}) // slots below size hold elements
  public E at(int index) {
    return (E) slots[index];
  }

  /** Whether it is here. O(1). */
  public boolean contains(E element) {
    var index = order.index(element);
    return index >= 0 && index < size && slots[index] == element;
  }

  /** Adds an element that is in no heap. O(log n). */
  public void add(E element) {
    if (size == slots.length) {
      slots = Arrays.copyOf(slots, Math.max(SMALLEST, 2 * size));
    }
    siftUp(size++, element);
  }

  /** Takes an element out; false if it is not here. O(log n). */
  public boolean remove(E element) {
    if (!contains(element)) {
      return false;
    }
    var hole = order.index(element);
    var last = at(--size);
    slots[size] = null;
    order.index(element, -1);
    if (hole != size) {
      settle(hole, last);
    }
    if (slots.length > SMALLEST && size < slots.length / 4) {
      slots = Arrays.copyOf(slots, slots.length / 2);
    }
    return true;
  }

  /** Restores the order after an element's key changed. O(log n). */
  public void moved(E element) {
    if (!contains(element)) {
      throw new IllegalStateException("not in this heap: " + element);
    }
    settle(order.index(element), element);
  }

  private void settle(int index, E element) {
    if (index > 0 && order.precedes(element, at((index - 1) >>> 1))) {
      siftUp(index, element);
    } else {
      siftDown(index, element);
    }
  }

  private void siftUp(int from, E element) {
    var i = from;
    while (i > 0) {
      var parent = (i - 1) >>> 1;
      var above = at(parent);
      if (!order.precedes(element, above)) {
        break;
      }
      place(i, above);
      i = parent;
    }
    place(i, element);
  }

  private void siftDown(int from, E element) {
    var i = from;
    var firstLeaf = size >>> 1;
    while (i < firstLeaf) {
      var child = 2 * i + 1;
      if (child + 1 < size && order.precedes(at(child + 1), at(child))) {
        child++;
      }
      var below = at(child);
      if (!order.precedes(below, element)) {
        break;
      }
      place(i, below);
      i = child;
    }
    place(i, element);
  }

  private void place(int index, E element) {
    slots[index] = element;
    order.index(element, index);
  }
}
