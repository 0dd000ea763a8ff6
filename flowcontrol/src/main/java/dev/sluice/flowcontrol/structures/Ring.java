package dev.sluice.flowcontrol.structures;

import org.jspecify.annotations.Nullable;

/**
 * An {@link IntrusiveList} that knows its elements: an element tells which ring it is in, so one
 * that is not here can be asked about and removed in vain. Every method is O(1). Not thread-safe.
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

  private static final class Elements<E extends Link> extends IntrusiveList<E> {

    @Override
    @SuppressWarnings("unchecked") // the neighbours of an element of a ring are of its type
    public @Nullable E previous(E element) {
      return (E) ((Link) element).previous;
    }

    @Override
    @SuppressWarnings("unchecked") // the neighbours of an element of a ring are of its type
    public @Nullable E next(E element) {
      return (E) ((Link) element).next;
    }

    @Override
    protected void linkPrevious(E element, @Nullable E previous) {
      ((Link) element).previous = previous;
    }

    @Override
    protected void linkNext(E element, @Nullable E next) {
      ((Link) element).next = next;
    }
  }

  private final Elements<E> elements = new Elements<>();

  /** An empty ring. */
  public Ring() {}

  /** The element that was added first, or null if the ring is empty. */
  public @Nullable E first() {
    return elements.first();
  }

  /** The element that was added last, or null if the ring is empty. */
  public @Nullable E last() {
    return elements.last();
  }

  /** The element that was added next after an element of this ring, or null. */
  public @Nullable E after(E element) {
    return elements.next(element);
  }

  /** The element that was added just before an element of this ring, or null. */
  public @Nullable E before(E element) {
    return elements.previous(element);
  }

  /** Whether the element is in this ring. */
  public boolean contains(E element) {
    return ((Link) element).ring == this;
  }

  /**
   * Adds an element.
   *
   * @throws IllegalStateException if the element is in a ring
   */
  public void addLast(E element) {
    if (((Link) element).ring != null) {
      throw new IllegalStateException("already in a ring: " + element);
    }
    ((Link) element).ring = this;
    elements.add(element);
  }

  /** Removes an element. Returns false if it was not in this ring. */
  public boolean remove(E element) {
    if (!contains(element)) {
      return false;
    }
    elements.remove(element);
    ((Link) element).ring = null;
    return true;
  }
}
