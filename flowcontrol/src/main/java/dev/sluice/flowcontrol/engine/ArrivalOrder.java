package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.registry.FlowRegistry;
import dev.sluice.flowcontrol.structures.IntrusiveList;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** All queued requests in the order of their arrival. */
final class ArrivalOrder extends IntrusiveList<QueuedRequest>
    implements Iterable<FlowRegistry.Queued> {

  @Override
  public @Nullable QueuedRequest previous(QueuedRequest request) {
    return request.previousArrival();
  }

  @Override
  public @Nullable QueuedRequest next(QueuedRequest request) {
    return request.nextArrival();
  }

  @Override
  protected void linkPrevious(QueuedRequest request, @Nullable QueuedRequest previous) {
    request.linkPreviousArrival(previous);
  }

  @Override
  protected void linkNext(QueuedRequest request, @Nullable QueuedRequest next) {
    request.linkNextArrival(next);
  }

  /** Iterates in the order of arrival. The request last returned may be removed meanwhile. */
  @Override
  public Iterator<FlowRegistry.Queued> iterator() {
    return new Iterator<>() {
      private @Nullable QueuedRequest upcoming = first();

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
