package dev.sluice.flowcontrol.controller;

import dev.sluice.flowcontrol.registry.FlowRegistry;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * All queued requests in the order of their arrival: an intrusive list. Guarded by the core's lock.
 */
final class ArrivalOrder implements Iterable<FlowRegistry.Queued> {
  private @Nullable PendingRequest first;
  private @Nullable PendingRequest last;

  @Nullable PendingRequest first() {
    return first;
  }

  @Nullable PendingRequest last() {
    return last;
  }

  /** O(1). */
  void add(PendingRequest request) {
    request.previousQueued(last);
    if (last == null) {
      first = request;
    } else {
      last.nextQueued(request);
    }
    last = request;
  }

  /** O(1). The request must be in the list. */
  void remove(PendingRequest request) {
    var previous = request.previousQueued();
    var next = request.nextQueued();
    if (previous == null) {
      first = next;
    } else {
      previous.nextQueued(next);
    }
    if (next == null) {
      last = previous;
    } else {
      next.previousQueued(previous);
    }
    request.previousQueued(null);
    request.nextQueued(null);
  }

  /** The present request may be removed while iterating. */
  @Override
  public Iterator<FlowRegistry.Queued> iterator() {
    return new Iterator<>() {
      private @Nullable PendingRequest upcoming = first;

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
        upcoming = request.nextQueued();
        return request;
      }
    };
  }
}
