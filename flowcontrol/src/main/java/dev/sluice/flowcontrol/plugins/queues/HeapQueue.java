package dev.sluice.flowcontrol.plugins.queues;

import dev.sluice.flowcontrol.framework.QueueCapability;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.framework.SafeQueue;
import dev.sluice.flowcontrol.structures.IndexHeap;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Holds items in the order of their keys, equal ones in the order of arrival. Both ends have a heap
 * of their own, over the same items, and an item keeps its index in each heap. A list keeps the
 * order of arrival. Adding and removing are O(log n); looking at either end or at the oldest item
 * is O(1). Type {@code heap}. Runs under the core's lock.
 */
public final class HeapQueue implements SafeQueue {
  private static final Set<QueueCapability> CAPABILITIES =
      Collections.unmodifiableSet(
          EnumSet.of(QueueCapability.PRIORITY_ORDER, QueueCapability.DOUBLE_ENDED));

  private enum FromHead implements IndexHeap.Places<QueueItem> {
    PLACES;

    @Override
    public int index(QueueItem item) {
      return item.position();
    }

    @Override
    public void index(QueueItem item, int index) {
      item.position(index);
    }
  }

  private enum FromTail implements IndexHeap.Places<QueueItem> {
    PLACES;

    @Override
    public int index(QueueItem item) {
      return item.tailPosition();
    }

    @Override
    public void index(QueueItem item, int index) {
      item.tailPosition(index);
    }
  }

  private final IndexHeap<QueueItem> fromHead = new IndexHeap<>(FromHead.PLACES);
  private final IndexHeap<QueueItem> fromTail = new IndexHeap<>(FromTail.PLACES);
  private final ItemList byArrival = new ItemList();

  /** An empty queue. */
  public HeapQueue() {}

  @Override
  public Set<QueueCapability> capabilities() {
    return CAPABILITIES;
  }

  @Override
  public void add(QueueItem item) {
    if (item.holder() != null) {
      throw new IllegalStateException("already in a queue: " + item.request());
    }
    item.holder(this);
    fromHead.add(item, item.orderingKey(), item.sequence());
    fromTail.add(item, ~item.orderingKey(), ~item.sequence()); // ~ reverses the order
    byArrival.add(item);
  }

  @Override
  public boolean remove(QueueItem item) {
    if (item.holder() != this) {
      return false;
    }
    fromHead.remove(item);
    fromTail.remove(item);
    byArrival.remove(item);
    item.holder(null);
    return true;
  }

  @Override
  public @Nullable QueueItem head() {
    return fromHead.first();
  }

  @Override
  public @Nullable QueueItem tail() {
    return fromTail.first();
  }

  @Override
  public @Nullable QueueItem oldest() {
    return byArrival.first();
  }

  @Override
  public int size() {
    return fromHead.size();
  }
}
