package dev.sluice.flowcontrol.structures;

import org.jspecify.annotations.Nullable;

/**
 * A list of elements in the order in which they were added. The links are fields of the elements,
 * so any element can be removed without a search. Every method is O(1). Not thread-safe.
 *
 * @param <E> the type of the elements; an element is in at most one ring
 */
public final class Ring<E extends Ring.Link> {

  /** The links of an element to its neighbours in a ring. */
  public static class Link {
    private @Nullable Ring<?> ring;
    private @Nullable Link previous;
    private @Nullable Link next;

    /** An element that is in no ring yet. */
    protected Link() {}
  }

  private @Nullable E first;
  private @Nullable E last;

  /** An empty ring. */
  public Ring() {}

  /** The element that was added first, or null if the ring is empty. */
  public @Nullable E first() {
    return first;
  }

  /** The element that was added last, or null if the ring is empty. */
  public @Nullable E last() {
    return last;
  }

  /** The element that was added next after an element of this ring, or null. */
  @SuppressWarnings("unchecked") // the neighbours of an element of this ring are of its type
  public @Nullable E after(E element) {
    return (E) ((Link) element).next;
  }

  /** The element that was added just before an element of this ring, or null. */
  @SuppressWarnings("unchecked") // the neighbours of an element of this ring are of its type
  public @Nullable E before(E element) {
    return (E) ((Link) element).previous;
  }

  /** Whether the element is in this ring. */
  public boolean contains(E element) {
    return ((Link) element).ring == this;
  }

  /** Adds an element that is in no ring yet. */
  public void addLast(E element) {
    Link link = element;
    if (link.ring != null) {
      throw new IllegalStateException("already in a ring: " + element);
    }
    link.ring = this;
    link.previous = last;
    if (last == null) {
      first = element;
    } else {
      ((Link) last).next = element;
    }
    last = element;
  }

  /** Removes an element. Returns false if it was not in this ring. */
  @SuppressWarnings("unchecked") // the neighbours of an element of this ring are of its type
  public boolean remove(E element) {
    Link link = element;
    if (link.ring != this) {
      return false;
    }
    var before = link.previous;
    var after = link.next;
    if (before == null) {
      first = (E) after;
    } else {
      before.next = after;
    }
    if (after == null) {
      last = (E) before;
    } else {
      after.previous = before;
    }
    link.ring = null;
    link.previous = null;
    link.next = null;
    return true;
  }
}
