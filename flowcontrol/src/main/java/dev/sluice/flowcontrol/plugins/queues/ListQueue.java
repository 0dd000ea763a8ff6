package dev.sluice.flowcontrol.plugins.queues;

import dev.sluice.flowcontrol.framework.NoParameters;
import dev.sluice.flowcontrol.framework.PluginProvider;
import dev.sluice.flowcontrol.framework.QueueCapability;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.framework.SafeQueue;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Holds items in the order of their arrival: a doubly linked list through the items' own links.
 * Every method is O(1) and allocates nothing. Type {@code list}.
 */
public final class ListQueue implements SafeQueue {
  private static final Set<QueueCapability> CAPABILITIES =
      Collections.unmodifiableSet(EnumSet.of(QueueCapability.FIFO, QueueCapability.DOUBLE_ENDED));

  private @Nullable QueueItem head;
  private @Nullable QueueItem tail;
  private int size;

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
    var last = tail;
    item.holder(this);
    item.previous(last);
    item.next(null);
    if (last == null) {
      head = item;
    } else {
      last.next(item);
    }
    tail = item;
    size++;
  }

  @Override
  public boolean remove(QueueItem item) {
    if (item.holder() != this) {
      return false;
    }
    var before = item.previous();
    var after = item.next();
    if (before == null) {
      head = after;
    } else {
      before.next(after);
    }
    if (after == null) {
      tail = before;
    } else {
      after.previous(before);
    }
    item.holder(null);
    item.previous(null);
    item.next(null);
    size--;
    return true;
  }

  @Override
  public @Nullable QueueItem head() {
    return head;
  }

  @Override
  public @Nullable QueueItem tail() {
    return tail;
  }

  @Override
  public int size() {
    return size;
  }

  /** Makes them for configuration. */
  public static final class Provider implements PluginProvider<SafeQueue, NoParameters> {

    /** For {@link java.util.ServiceLoader}. */
    public Provider() {}

    @Override
    public String type() {
      return "list";
    }

    @Override
    public Class<SafeQueue> kind() {
      return SafeQueue.class;
    }

    @Override
    public NoParameters defaults() {
      return NoParameters.INSTANCE;
    }

    @Override
    public SafeQueue create(NoParameters parameters) {
      return new ListQueue();
    }
  }
}
