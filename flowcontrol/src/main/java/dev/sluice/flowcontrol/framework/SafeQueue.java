package dev.sluice.flowcontrol.framework;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The queued requests of one flow and one eligibility class. <em>Safe</em> in that the core alone
 * calls it, under its lock, and that a fault in it is isolated: the engine evicts what it held,
 * names the plugin and goes on.
 *
 * <p>No method blocks. An item is in at most one queue.
 */
public interface SafeQueue {

  /** What it can do; the same at every call. */
  Set<QueueCapability> capabilities();

  /** Adds an item that is in no queue. O(log n) or better. */
  void add(QueueItem item);

  /**
   * Takes an item out. O(log n) or better. Returns false, and changes nothing, if it is not here.
   */
  boolean remove(QueueItem item);

  /** The item to serve next, or null if empty. O(1). */
  @Nullable QueueItem head();

  /** The item to serve last, or null if empty. O(1). Needs {@link QueueCapability#DOUBLE_ENDED}. */
  @Nullable QueueItem tail();

  /**
   * The item that was added first of those that are here, or null if empty. O(1). It is what is
   * served out of turn where an order lets some wait too long.
   */
  @Nullable QueueItem oldest();

  /** Number of items. O(1). */
  int size();
}
