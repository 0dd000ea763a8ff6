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

  /** Called by the engine's item, and by fakes in tests. */
  protected QueueItem() {}

  /** The request. */
  public abstract FlowControlRequest request();

  /** The time at which the request was offered to the engine. */
  public abstract long enqueuedAtNanos();

  /** The time at which the request expires at the latest, or {@link Long#MAX_VALUE}. */
  public abstract long deadlineNanos();

  /** The place in the order of arrival at the engine: larger came later. */
  public abstract long sequence();

  /** The key that the flow's ordering policy computed at enqueue; smaller goes first. */
  public abstract long orderingKey();

  /** The cost that a dispatch would charge, in units of {@code Cost}. */
  public abstract long estimatedCost();

  /**
   * The prompt tokens that a model server is expected to read for the request: those that no prefix
   * cache holds. If earlier requests used fewer tokens than they estimated, so will this one. The
   * request's own estimate is never exceeded: otherwise a policy that refuses long prompts could
   * refuse all of a tenant's requests, and would never learn that they have become shorter.
   */
  public long uncachedInputTokens() {
    return request().inputTokens() - request().cachedInputTokens();
  }

  /** Whether this item goes before {@code other} in the order of their flow. */
  public final boolean precedes(QueueItem other) {
    var key = orderingKey();
    var otherKey = other.orderingKey();
    return key != otherKey ? key < otherKey : sequence() < other.sequence();
  }

  /**
   * The queue that holds this item, or null. A queue uses it to tell its own items from foreign
   * ones.
   */
  public final @Nullable SafeQueue holder() {
    return holder;
  }

  /** Set by a queue: to itself when it adds the item, to null when it removes it. */
  public final void holder(@Nullable SafeQueue queue) {
    holder = queue;
  }

  /** The item before this one, or null; for the queue that holds both. */
  public final @Nullable QueueItem previous() {
    return previous;
  }

  /** Set by the queue that holds this item. */
  public final void previous(@Nullable QueueItem item) {
    previous = item;
  }

  /** The item after this one, or null; for the queue that holds both. */
  public final @Nullable QueueItem next() {
    return next;
  }

  /** Set by the queue that holds this item. */
  public final void next(@Nullable QueueItem item) {
    next = item;
  }

  /** An index for the queue that holds this item, -1 while none does. */
  public final int position() {
    return position;
  }

  /** Set by the queue that holds this item. */
  public final void position(int index) {
    position = index;
  }

  /** A second index for the queue that holds this item, -1 while none does. */
  public final int tailPosition() {
    return tailPosition;
  }

  /** Set by the queue that holds this item. */
  public final void tailPosition(int index) {
    tailPosition = index;
  }
}
