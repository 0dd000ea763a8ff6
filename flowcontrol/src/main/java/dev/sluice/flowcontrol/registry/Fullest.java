package dev.sluice.flowcontrol.registry;

import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.Shares;
import dev.sluice.flowcontrol.structures.IndexHeap;
import org.jspecify.annotations.Nullable;

/**
 * Finds, among the tenants of a band or the flows of a tenant, the holder that would have most left
 * for its weight if one of its requests gave way: in requests, or in bytes. Of equal ones it is the
 * holder that has had something queued for longest, whatever holders are called.
 *
 * <p>What would be left is the right measure, not what is there: a holder of a small weight with a
 * single request has much for its weight, but nothing to give.
 *
 * <p>Each measure has a heap in which a holder's key is never too small. A growing backlog is noted
 * at once: O(log holders), and mostly O(1). A shrinking backlog is noted only when the heap is
 * asked, so that a dispatch costs nothing. An answer corrects at most {@value #MOST_CORRECTIONS}
 * keys and each key at most once; with more holders than that it may be the largest of those that
 * it looked at. Guarded by the core's lock.
 */
final class Fullest {
  private static final int MOST_CORRECTIONS = 1_000;

  /** A holder's place in both heaps, kept with its backlog. */
  static final class Place {
    private final FlowView holder;
    private long sequence;
    private long requestsKey;
    private long bytesKey;
    private int requestsIndex = -1;
    private int bytesIndex = -1;

    private Place(FlowView holder) {
      this.holder = holder;
    }
  }

  /** What is compared, for its weight. */
  private enum Measure implements IndexHeap.Places<Place> {
    REQUESTS {
      @Override
      public int index(Place place) {
        return place.requestsIndex;
      }

      @Override
      public void index(Place place, int index) {
        place.requestsIndex = index;
      }

      @Override
      long present(FlowView holder) {
        return key(Shares.leftRequests(holder) / holder.weight());
      }

      @Override
      long noted(Place place) {
        return place.requestsKey;
      }

      @Override
      void note(Place place, long key) {
        place.requestsKey = key;
      }
    },
    BYTES {
      @Override
      public int index(Place place) {
        return place.bytesIndex;
      }

      @Override
      public void index(Place place, int index) {
        place.bytesIndex = index;
      }

      @Override
      long present(FlowView holder) {
        return key(Shares.leftBytes(holder) / holder.weight());
      }

      @Override
      long noted(Place place) {
        return place.bytesKey;
      }

      @Override
      void note(Place place, long key) {
        place.bytesKey = key;
      }
    };

    /** The key of what the holder would have left now: the more, the smaller. */
    abstract long present(FlowView holder);

    /** The key that the heap goes by. */
    abstract long noted(Place place);

    abstract void note(Place place, long key);

    private static long key(double share) {
      // The bits of doubles from 0 on are in the order of the doubles.
      return -Double.doubleToRawLongBits(share);
    }
  }

  private final IndexHeap<Place> byRequests = new IndexHeap<>(Measure.REQUESTS);
  private final IndexHeap<Place> byBytes = new IndexHeap<>(Measure.BYTES);
  private long lastSequence;

  /** A holder's backlog or weight changed. O(log holders). */
  void changed(FlowView holder, Backlog backlog) {
    var place = backlog.place();
    if (holder.queuedRequests() == 0) {
      if (place != null) {
        byRequests.remove(place);
        byBytes.remove(place);
      }
      return;
    }
    if (place == null) {
      place = new Place(holder);
      backlog.place(place);
    }
    if (!byRequests.contains(place)) {
      place.sequence = ++lastSequence;
      add(byRequests, Measure.REQUESTS, place);
      add(byBytes, Measure.BYTES, place);
    } else {
      grown(byRequests, Measure.REQUESTS, place);
      grown(byBytes, Measure.BYTES, place);
    }
  }

  private static void add(IndexHeap<Place> heap, Measure measure, Place place) {
    var key = measure.present(place.holder);
    measure.note(place, key);
    heap.add(place, key, place.sequence);
  }

  private static void grown(IndexHeap<Place> heap, Measure measure, Place place) {
    var key = measure.present(place.holder);
    if (key < measure.noted(place)) {
      measure.note(place, key);
      heap.moved(place, key, place.sequence);
    }
  }

  /** The holder with most requests left for its weight; null while nothing is queued. */
  @Nullable FlowView byRequests() {
    return first(byRequests, Measure.REQUESTS);
  }

  /** The holder with most bytes left for its weight; null while nothing is queued. */
  @Nullable FlowView byBytes() {
    return first(byBytes, Measure.BYTES);
  }

  private static @Nullable FlowView first(IndexHeap<Place> heap, Measure measure) {
    Place largest = null;
    for (var corrections = 0; heap.size() > 0 && corrections < MOST_CORRECTIONS; corrections++) {
      var first = heap.at(0);
      var key = measure.present(first.holder);
      if (key == measure.noted(first)) {
        return first.holder;
      }
      measure.note(first, key);
      heap.moved(first, key, first.sequence);
      if (largest == null || key < measure.noted(largest)) {
        largest = first;
      }
    }
    return largest == null ? null : largest.holder;
  }
}
