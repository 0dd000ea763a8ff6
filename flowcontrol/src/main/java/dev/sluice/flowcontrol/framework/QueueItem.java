package dev.sluice.flowcontrol.framework;

import dev.sluice.flowcontrol.types.FlowControlRequest;
import org.jspecify.annotations.Nullable;

/**
 * A request in a queue. The item carries the links of the one queue that holds it, so that removal
 * needs no search. Touched under the core's lock only.
 *
 * <p>Items order by {@link #orderingKey}, then by {@link #sequence}, so the order is total and
 * stable.
 */
public abstract class QueueItem {
  private @Nullable SafeQueue holder;
  private @Nullable QueueItem previous;
  private @Nullable QueueItem next;
  private int position = -1;
  private int tailPosition = -1;

  /** For the engine's item, and for tests. */
  protected QueueItem() {}

  /** The request. */
  public abstract FlowControlRequest request();

  /** When it was offered to the engine. */
  public abstract long enqueuedAtNanos();

  /** When it expires at the latest, or {@link Long#MAX_VALUE}. */
  public abstract long deadlineNanos();

  /** Arrival order in the engine: larger came later. */
  public abstract long sequence();

  /** What the flow's ordering policy computed at enqueue; smaller goes first. */
  public abstract long orderingKey();

  /** The cost that dispatching it would charge, in units of {@code Cost}. */
  public abstract long estimatedCost();

  /** Whether it goes before {@code other} in their flow's order. */
  public final boolean precedes(QueueItem other) {
    var key = orderingKey();
    var otherKey = other.orderingKey();
    return key != otherKey ? key < otherKey : sequence() < other.sequence();
  }

  /**
   * The queue that holds it, or null while in none: how a queue knows its own items from others'.
   */
  public final @Nullable SafeQueue holder() {
    return holder;
  }

  /** For the queue that holds it: itself when added, null when removed. */
  public final void holder(@Nullable SafeQueue queue) {
    holder = queue;
  }

  /** For the queue that holds it: the item before it, or null. */
  public final @Nullable QueueItem previous() {
    return previous;
  }

  /** For the queue that holds it. */
  public final void previous(@Nullable QueueItem item) {
    previous = item;
  }

  /** For the queue that holds it: the item after it, or null. */
  public final @Nullable QueueItem next() {
    return next;
  }

  /** For the queue that holds it. */
  public final void next(@Nullable QueueItem item) {
    next = item;
  }

  /** For the queue that holds it: an index of the queue's choice, -1 while in none. */
  public final int position() {
    return position;
  }

  /** For the queue that holds it. */
  public final void position(int index) {
    position = index;
  }

  /** For the queue that holds it: a second index, -1 while in none. */
  public final int tailPosition() {
    return tailPosition;
  }

  /** For the queue that holds it. */
  public final void tailPosition(int index) {
    tailPosition = index;
  }
}
