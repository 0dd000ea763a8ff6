package dev.sluice.flowcontrol.controller;

import dev.sluice.flowcontrol.registry.FlowRegistry;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * All queued requests in the order of their arrival: an intrusive list. Guarded by the core's lock.
 */
final class ArrivalOrder implements Iterable<FlowRegistry.Queued> {
  private @Nullable QueuedRequest first;
  private @Nullable QueuedRequest last;

  @Nullable QueuedRequest first() {
    return first;
  }

  @Nullable QueuedRequest last() {
    return last;
  }

  /** O(1). */
  void add(QueuedRequest request) {
    request.previousArrival(last);
    if (last == null) {
      first = request;
    } else {
      last.nextArrival(request);
    }
    last = request;
  }

  /** O(1). The request must be in the list. */
  void remove(QueuedRequest request) {
    var previous = request.previousArrival();
    var next = request.nextArrival();
    if (previous == null) {
      first = next;
    } else {
      previous.nextArrival(next);
    }
    if (next == null) {
      last = previous;
    } else {
      next.previousArrival(previous);
    }
    request.previousArrival(null);
    request.nextArrival(null);
  }

  /** The present request may be removed while iterating. */
  @Override
  public Iterator<FlowRegistry.Queued> iterator() {
    return new Iterator<>() {
      private @Nullable QueuedRequest upcoming = first;

      @Override
      public boolean hasNext() {
        return upcoming != null;
      }

      @Override
      public FlowRegistry.Queued next() {
        var request = upcoming;
        if (request == null) {
          throw new NoSuchElementException();
        }
        upcoming = request.nextArrival();
        return request;
      }
    };
  }
}
