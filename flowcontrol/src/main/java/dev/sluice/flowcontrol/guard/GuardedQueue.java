package dev.sluice.flowcontrol.guard;

import dev.sluice.flowcontrol.framework.Plugin;
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

  /** A guard for a new queue. If it cannot be made, it fails like one that throws. */
  public static GuardedQueue of(Plugin<SafeQueue> plugin, Border border) {
    try {
      return new GuardedQueue(plugin.create(), border);
    } catch (Throwable thrown) {
      border.caught(thrown);
      return new GuardedQueue(Missing.QUEUE, border);
    }
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

  /** Stands for a queue that could not be made: it takes no item. */
  private enum Missing implements SafeQueue {
    QUEUE;

    @Override
    public Set<QueueCapability> capabilities() {
      return Set.of();
    }

    @Override
    public void add(QueueItem item) {
      throw new IllegalStateException("add: the queue could not be made");
    }

    @Override
    public boolean remove(QueueItem item) {
      return false;
    }

    @Override
    public @Nullable QueueItem head() {
      return null;
    }

    @Override
    public @Nullable QueueItem tail() {
      return null;
    }

    @Override
    public @Nullable QueueItem oldest() {
      return null;
    }

    @Override
    public int size() {
      return 0;
    }
  }
}
