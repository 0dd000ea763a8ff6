package dev.sluice.flowcontrol.structures;

import org.jspecify.annotations.Nullable;

/**
 * Elements in the order in which they were added, linked through themselves, so that any can leave
 * without a search. Every method is O(1). Not thread-safe.
 *
 * @param <E> what it holds; an element is in at most one ring
 */
public final class Ring<E extends Ring.Link> {

  /** What an element carries for its ring. */
  public static class Link {
    private @Nullable Ring<?> ring;
    private @Nullable Link previous;
    private @Nullable Link next;

    /** In no ring. */
    protected Link() {}
  }

  private @Nullable E first;
  private @Nullable E last;

  /** An empty ring. */
  public Ring() {}

  /** The element that was added first, or null if empty. */
  public @Nullable E first() {
    return first;
  }

  /** The element that was added last, or null if empty. */
  public @Nullable E last() {
    return last;
  }

  /** The element that was added after one that is here, or null. */
  @SuppressWarnings("unchecked") // the neighbours of an element of this ring are of its type
  public @Nullable E after(E element) {
    return (E) ((Link) element).next;
  }

  /** The element that was added before one that is here, or null. */
  @SuppressWarnings("unchecked") // the neighbours of an element of this ring are of its type
  public @Nullable E before(E element) {
    return (E) ((Link) element).previous;
  }

  /** Whether it is here. */
  public boolean contains(E element) {
    return ((Link) element).ring == this;
  }

  /** Adds an element that is in no ring. */
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

  /** Takes an element out; false if it is not here. */
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
