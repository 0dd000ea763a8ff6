package dev.sluice.flowcontrol.controller;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Queued requests by the time at which they have to be looked at: a binary heap whose requests know
 * their index, so that any one can be removed in O(log n). Guarded by the core's lock.
 */
final class DeadlineHeap {
  private @Nullable QueuedRequest[] heap = new QueuedRequest[16];
  private int size;

  int size() {
    return size;
  }

  /** The request with the earliest time, or null. O(1). */
  @Nullable QueuedRequest first() {
    return size == 0 ? null : heap[0];
  }

  /** Adds a request at a time. O(log n). */
  void add(QueuedRequest request, long nanos) {
    if (size == heap.length) {
      heap = Arrays.copyOf(heap, size * 2);
    }
    request.timerNanos(nanos);
    up(request, size++);
  }

  /** Moves the first request to a later time. O(log n). */
  void postponeFirst(long nanos) {
    var request = at(0);
    request.timerNanos(nanos);
    down(request, 0);
  }

  /** Removes a request, if it is here. O(log n). */
  void remove(QueuedRequest request) {
    var index = request.timerIndex();
    if (index < 0) {
      return;
    }
    var moved = at(--size);
    heap[size] = null;
    if (index < size) {
      if (index > 0 && before(moved, at((index - 1) / 2))) {
        up(moved, index);
      } else {
        down(moved, index);
      }
    }
    request.timerIndex(-1);
  }

  private void up(QueuedRequest request, int from) {
    var index = from;
    while (index > 0) {
      var parent = (index - 1) / 2;
      if (!before(request, at(parent))) {
        break;
      }
      place(at(parent), index);
      index = parent;
    }
    place(request, index);
  }

  private void down(QueuedRequest request, int from) {
    var index = from;
    while (true) {
      var child = 2 * index + 1;
      if (child >= size) {
        break;
      }
      if (child + 1 < size && before(at(child + 1), at(child))) {
        child++;
      }
      if (!before(at(child), request)) {
        break;
      }
      place(at(child), index);
      index = child;
    }
    place(request, index);
  }

  private void place(QueuedRequest request, int index) {
    heap[index] = request;
    request.timerIndex(index);
  }

  @SuppressWarnings("NullAway") // indexes below size hold requests
  private QueuedRequest at(int index) {
    return heap[index];
  }

  private static boolean before(QueuedRequest a, QueuedRequest b) {
    var difference = a.timerNanos() - b.timerNanos();
    return difference != 0 ? difference < 0 : a.sequence() < b.sequence();
  }

  void checkInvariants() {
    for (var i = 0; i < size; i++) {
      if (at(i).timerIndex() != i || (i > 0 && before(at(i), at((i - 1) / 2)))) {
        throw new AssertionError("wrong: deadline heap at " + i);
      }
    }
  }
}
