package dev.sluice.flowcontrol.plugins.queues;

import dev.sluice.flowcontrol.framework.QueueItem;
import org.jspecify.annotations.Nullable;

/**
 * Items in the order in which they were added: a doubly linked list through the items' own links.
 * Every method is O(1) and allocates nothing. The caller must not add an item that is in another
 * list.
 */
final class ItemList {
  private @Nullable QueueItem first;
  private @Nullable QueueItem last;
  private int size;

  @Nullable QueueItem first() {
    return first;
  }

  @Nullable QueueItem last() {
    return last;
  }

  int size() {
    return size;
  }

  void addLast(QueueItem item) {
    var before = last;
    item.previous(before);
    item.next(null);
    if (before == null) {
      first = item;
    } else {
      before.next(item);
    }
    last = item;
    size++;
  }

  void remove(QueueItem item) {
    var before = item.previous();
    var after = item.next();
    if (before == null) {
      first = after;
    } else {
      before.next(after);
    }
    if (after == null) {
      last = before;
    } else {
      after.previous(before);
    }
    item.previous(null);
    item.next(null);
    size--;
  }
}
