package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.structures.IndexHeap;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Queued requests by the time at which they have to be looked at. Most requests share their {@link
 * Patience} with many others and have no deadline of their own: these are in a list for each
 * patience, which costs O(1). The rest is in a heap, O(log n).
 */
final class Deadlines {
  /** The largest number of lists, because they are searched one by one. */
  private static final int MOST_LISTS = 16;

  private enum InHeap implements IndexHeap.Places<QueuedRequest> {
    PLACES;

    @Override
    public int index(QueuedRequest request) {
      return request.timerIndex();
    }

    @Override
    public void index(QueuedRequest request, int index) {
      request.keepTimerIndex(index);
    }
  }

  private final long baseNanos;
  private final ToLongFunction<QueuedRequest> due;
  private final List<Patience> lists = new ArrayList<>();
  private final IndexHeap<QueuedRequest> heap = new IndexHeap<>(InHeap.PLACES);
  private int listed;

  /**
   * Starts without requests.
   *
   * @param baseNanos any time; all other times are within 292 years of it
   * @param due when the time of a listed request ends, as things are now. Among requests of one
   *     patience it is never earlier for a request that came later.
   */
  Deadlines(long baseNanos, ToLongFunction<QueuedRequest> due) {
    this.baseNanos = baseNanos;
    this.due = due;
  }

  /** The patience of these bounds: a shared one if there is one, else a new one. */
  Patience patience(long ttlNanos, long longestWaitNanos) {
    for (var i = 0; i < lists.size(); i++) { // for every queued request: no iterator
      if (lists.get(i).is(ttlNanos, longestWaitNanos)) {
        return lists.get(i);
      }
    }
    var fresh = new Patience(ttlNanos, longestWaitNanos);
    if (lists.size() == MOST_LISTS) {
      lists.removeIf(list -> list.first() == null);
    }
    if (lists.size() < MOST_LISTS) {
      lists.add(fresh);
    }
    return fresh;
  }

  /** Adds a request, unless its time never ends. */
  void add(QueuedRequest request) {
    if (request.deadlineNanos() == QueuedRequest.NEVER) {
      return;
    }
    if (!request.hasOwnDeadline() && lists.contains(request.patience())) {
      request.keepTimerIndex(QueuedRequest.LISTED);
      request.patience().add(request);
      listed++;
    } else {
      heap.add(request, request.deadlineNanos() - baseNanos, request.sequence());
    }
  }

  /** Removes a request, if it is here. */
  void remove(QueuedRequest request) {
    if (request.timerIndex() == QueuedRequest.LISTED) {
      request.patience().remove(request);
      request.keepTimerIndex(QueuedRequest.NOT_TIMED);
      listed--;
    } else {
      heap.remove(request);
    }
  }

  /** The request with the earliest time, of equal times the one that came first; null if empty. */
  @Nullable QueuedRequest first() {
    var first = heap.first();
    for (var i = 0; i < lists.size(); i++) {
      var other = lists.get(i).first();
      if (other != null && (first == null || precedes(other, first))) {
        first = other;
      }
    }
    return first;
  }

  private boolean precedes(QueuedRequest a, QueuedRequest b) {
    var difference = nanos(a) - nanos(b);
    return difference != 0 ? difference < 0 : a.sequence() < b.sequence();
  }

  /** The time of a {@link #first} request. */
  long nanos(QueuedRequest request) {
    return request.timerIndex() == QueuedRequest.LISTED
        ? due.applyAsLong(request)
        : heap.firstKey() + baseNanos;
  }

  /** Moves the time of the {@link #first} request, which was set too early, to a later one. */
  void postpone(QueuedRequest request, long nanos) {
    heap.moved(request, nanos - baseNanos, request.sequence());
  }

  int size() {
    return listed + heap.size();
  }

  /** Throws {@link AssertionError} if a list is not in the order of time. O(requests). */
  void checkInvariants() {
    for (var list : lists) {
      for (var request = list.first(); request != null; request = request.nextAsPatient()) {
        var next = request.nextAsPatient();
        if (next != null && due.applyAsLong(next) - due.applyAsLong(request) < 0) {
          throw new AssertionError("wrong: " + next.request() + " is due before its predecessor");
        }
      }
    }
  }
}
