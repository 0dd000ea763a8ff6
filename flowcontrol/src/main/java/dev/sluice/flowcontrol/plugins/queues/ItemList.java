package dev.sluice.flowcontrol.plugins.queues;

import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.structures.IntrusiveList;
import org.jspecify.annotations.Nullable;

/**
 * Items in the order in which they were added, through the items' own links. The caller must not
 * add an item that is in another list.
 */
final class ItemList extends IntrusiveList<QueueItem> {

  @Override
  public @Nullable QueueItem previous(QueueItem item) {
    return item.previous();
  }

  @Override
  public @Nullable QueueItem next(QueueItem item) {
    return item.next();
  }

  @Override
  protected void linkPrevious(QueueItem item, @Nullable QueueItem previous) {
    item.previous(previous);
  }

  @Override
  protected void linkNext(QueueItem item, @Nullable QueueItem next) {
    item.next(next);
  }
}
