package dev.sluice.flowcontrol.structures;

import org.jspecify.annotations.Nullable;

/**
 * A doubly linked list whose links are fields of its elements, so that any element can be removed
 * in O(1) without a search and without an object per entry. A subclass says which fields; an
 * element can be in several lists if each has fields of its own. Not thread-safe.
 *
 * <p>It is extended, not configured, because a call through a final subclass is resolved when it is
 * compiled, and these calls are made for every request.
 *
 * @param <E> what the list holds
 */
public abstract class IntrusiveList<E> {
  private @Nullable E first;
  private @Nullable E last;
  private int size;

  /** For subclasses; the list is empty at first. */
  protected IntrusiveList() {}

  /** The element before {@code element}, or null if it is the first. */
  public abstract @Nullable E previous(E element);

  /** The element after {@code element}, or null if it is the last. */
  public abstract @Nullable E next(E element);

  /** Keeps in {@code element} which one is before it. */
  protected abstract void linkPrevious(E element, @Nullable E previous);

  /** Keeps in {@code element} which one is after it. */
  protected abstract void linkNext(E element, @Nullable E next);

  /** Number of elements. */
  public final int size() {
    return size;
  }

  /** The element that was added first of those that are here, or null if there is none. */
  public final @Nullable E first() {
    return first;
  }

  /** The element that was added last of those that are here, or null if there is none. */
  public final @Nullable E last() {
    return last;
  }

  /** Adds an element that is not in the list at its end. O(1). */
  public final void add(E element) {
    linkPrevious(element, last);
    if (last == null) {
      first = element;
    } else {
      linkNext(last, element);
    }
    last = element;
    size++;
  }

  /** Takes out an element, which must be in the list. O(1). */
  public final void remove(E element) {
    var previous = previous(element);
    var next = next(element);
    if (previous == null) {
      first = next;
    } else {
      linkNext(previous, next);
    }
    if (next == null) {
      last = previous;
    } else {
      linkPrevious(next, previous);
    }
    linkPrevious(element, null);
    linkNext(element, null);
    size--;
  }
}
