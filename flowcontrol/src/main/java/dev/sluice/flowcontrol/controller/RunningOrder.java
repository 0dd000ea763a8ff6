package dev.sluice.flowcontrol.controller;

import org.jspecify.annotations.Nullable;

/**
 * All requests that hold a permit, in the order of their dispatch: an intrusive list. Guarded by
 * the core's lock.
 */
final class RunningOrder {
  private @Nullable PendingRequest first;
  private @Nullable PendingRequest last;
  private int size;

  int size() {
    return size;
  }

  /** The one that runs for longest, or null. The others follow by {@code nextRunning}. */
  @Nullable PendingRequest first() {
    return first;
  }

  /** O(1). */
  void add(PendingRequest request) {
    request.previousRunning(last);
    if (last == null) {
      first = request;
    } else {
      last.nextRunning(request);
    }
    last = request;
    size++;
  }

  /** O(1). The request must be in the list. */
  void remove(PendingRequest request) {
    var previous = request.previousRunning();
    var next = request.nextRunning();
    if (previous == null) {
      first = next;
    } else {
      previous.nextRunning(next);
    }
    if (next == null) {
      last = previous;
    } else {
      next.previousRunning(previous);
    }
    request.previousRunning(null);
    request.nextRunning(null);
    size--;
  }
}
