package dev.sluice.flowcontrol.plugins.queues;

import dev.sluice.flowcontrol.framework.QueueCapability;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.framework.SafeQueue;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Holds items in the order of their arrival: a doubly linked list through the items' own links.
 * Every method is O(1) and allocates nothing. Type {@code list}. Runs under the core's lock.
 */
public final class ListQueue implements SafeQueue {
  private static final Set<QueueCapability> CAPABILITIES =
      Collections.unmodifiableSet(EnumSet.of(QueueCapability.FIFO, QueueCapability.DOUBLE_ENDED));

  private final ItemList items = new ItemList();

  /** An empty queue. */
  public ListQueue() {}

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
    items.add(item);
  }

  @Override
  public boolean remove(QueueItem item) {
    if (item.holder() != this) {
      return false;
    }
    items.remove(item);
    item.holder(null);
    return true;
  }

  @Override
  public @Nullable QueueItem head() {
    return items.first();
  }

  @Override
  public @Nullable QueueItem tail() {
    return items.last();
  }

  @Override
  public @Nullable QueueItem oldest() {
    return items.first();
  }

  @Override
  public int size() {
    return items.size();
  }
}
