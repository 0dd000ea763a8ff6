package dev.sluice.flowcontrol.guard;

import dev.sluice.flowcontrol.framework.QueueCapability;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.framework.SafeQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A queue plugin behind the border. If the plugin fails, no item is shown, and {@link #offer} or
 * {@link #remove} returns false. The engine then evicts the queue's requests and replaces the
 * queue. Guarded by the core's lock.
 */
public final class GuardedQueue implements SafeQueue {
  private final SafeQueue queue;
  private final Border border;

  /** A guard for {@code queue}. */
  public GuardedQueue(SafeQueue queue, Border border) {
    this.queue = queue;
    this.border = border;
  }

  @Override
  public Set<QueueCapability> capabilities() {
    try {
      return queue.capabilities();
    } catch (Throwable thrown) {
      border.caught(thrown);
      return Set.of();
    }
  }

  /** Adds an item like {@link #offer}, for callers that need not know whether the plugin failed. */
  @Override
  public void add(QueueItem item) {
    offer(item);
  }

  /** Adds an item that is in no queue. Returns false if the plugin failed. */
  public boolean offer(QueueItem item) {
    try {
      queue.add(item);
      return true;
    } catch (Throwable thrown) {
      border.caught(thrown);
      return false;
    }
  }

  /**
   * Takes an item out. False means that the plugin failed: the engine removes only what it has
   * added, so a plugin that does not find the item is at fault too.
   */
  @Override
  public boolean remove(QueueItem item) {
    try {
      var found = queue.remove(item);
      if (!found) {
        border.misbehaved("remove: did not find request \"" + item.request().id() + "\"");
      }
      return found;
    } catch (Throwable thrown) {
      border.caught(thrown);
      return false;
    }
  }

  @Override
  public @Nullable QueueItem head() {
    try {
      return queue.head();
    } catch (Throwable thrown) {
      border.caught(thrown);
      return null;
    }
  }

  @Override
  public @Nullable QueueItem tail() {
    try {
      return queue.tail();
    } catch (Throwable thrown) {
      border.caught(thrown);
      return null;
    }
  }

  @Override
  public @Nullable QueueItem oldest() {
    try {
      return queue.oldest();
    } catch (Throwable thrown) {
      border.caught(thrown);
      return null;
    }
  }

  @Override
  public int size() {
    try {
      return queue.size();
    } catch (Throwable thrown) {
      border.caught(thrown);
      return 0;
    }
  }
}
