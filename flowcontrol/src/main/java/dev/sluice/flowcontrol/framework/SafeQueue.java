package dev.sluice.flowcontrol.framework;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The queued requests of one flow and one eligibility class. <em>Safe</em> means that only the core
 * calls a queue, under its lock, and that a fault is isolated: if a queue throws, the engine evicts
 * its requests, names the plugin and goes on.
 *
 * <p>No method blocks. An item is in at most one queue.
 */
public interface SafeQueue {

  /** The capabilities of this queue, the same at every call. */
  Set<QueueCapability> capabilities();

  /** Adds an item that is in no queue. O(log n) or better. */
  void add(QueueItem item);

  /** Takes an item out. If the item is not here, returns false and changes nothing. O(log n). */
  boolean remove(QueueItem item);

  /** The item to serve next, or null if empty. O(1). */
  @Nullable QueueItem head();

  /** The item to serve last, or null if empty. O(1). Needs {@link QueueCapability#DOUBLE_ENDED}. */
  @Nullable QueueItem tail();

  /**
   * The item that was added before all other items here, or null if empty. O(1). The engine serves
   * it out of turn when it has waited too long.
   */
  @Nullable QueueItem oldest();

  /** Number of items. O(1). */
  int size();
}
