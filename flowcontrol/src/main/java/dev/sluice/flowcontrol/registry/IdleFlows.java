package dev.sluice.flowcontrol.registry;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Which flows have nothing to do, the one that has been so for longest first. Every request of a
 * lone flow takes it out and puts it back; so a flow has a slot for as long as it is known, and
 * what is linked are the numbers of slots. That touches no other flow, which would be a wait for
 * memory, and stores no reference, which would run the collector's barrier.
 *
 * <p>Not thread-safe. O(1), amortised for {@link #know} and {@link #forget}.
 */
final class IdleFlows {
  private static final int NONE = -1;
  private static final int SMALLEST = 16;

  private @Nullable Flow[] flows = new Flow[SMALLEST];

  /**
   * At 2i is the slot before slot i, at 2i + 1 the one after it; of a free slot, at 2i + 1, the
   * next free one.
   */
  private int[] links = new int[2 * SMALLEST];

  private int known;
  private int first = NONE;
  private int last = NONE;
  private int free;

  IdleFlows() {
    chainFree(0);
  }

  private void chainFree(int from) {
    for (var slot = from; slot < flows.length; slot++) {
      links[2 * slot + 1] = slot + 1 == flows.length ? NONE : slot + 1;
    }
    free = from;
  }

  /** Gives a new flow a slot. */
  void know(Flow flow) {
    if (free == NONE) {
      var before = flows.length;
      flows = Arrays.copyOf(flows, 2 * before);
      links = Arrays.copyOf(links, 4 * before);
      chainFree(before);
    }
    var slot = free;
    free = links[2 * slot + 1];
    flows[slot] = flow;
    flow.idleSlot(slot);
    known++;
  }

  /** Takes back the slot of a flow that is not idle. */
  void forget(Flow flow) {
    var slot = flow.idleSlot();
    flows[slot] = null;
    links[2 * slot + 1] = free;
    free = slot;
    known--;
    if (flows.length > SMALLEST && known < flows.length / 4) {
      shrink();
    }
  }

  /** Numbers the slots anew. */
  private void shrink() {
    var oldFlows = flows;
    var oldLinks = links;
    flows = new Flow[oldFlows.length / 2];
    links = new int[2 * flows.length];
    var used = 0;
    for (var flow : oldFlows) {
      if (flow != null && !flow.isIdle()) {
        flows[used] = flow;
        flow.idleSlot(used++);
      }
    }
    var next = first;
    first = NONE;
    last = NONE;
    while (next != NONE) {
      var flow = oldFlows[next];
      next = oldLinks[2 * next + 1];
      if (flow != null) {
        flows[used] = flow;
        flow.idleSlot(used);
        append(used++);
      }
    }
    chainFree(used);
  }

  /** A flow has nothing to do from now on. */
  void add(Flow flow) {
    append(flow.idleSlot());
  }

  private void append(int slot) {
    links[2 * slot] = last;
    links[2 * slot + 1] = NONE;
    if (last == NONE) {
      first = slot;
    } else {
      links[2 * last + 1] = slot;
    }
    last = slot;
  }

  /** A flow that is here has something to do. */
  void remove(Flow flow) {
    var slot = flow.idleSlot();
    var before = links[2 * slot];
    var after = links[2 * slot + 1];
    if (before == NONE) {
      first = after;
    } else {
      links[2 * before + 1] = after;
    }
    if (after == NONE) {
      last = before;
    } else {
      links[2 * after] = before;
    }
  }

  /** The flow that has been here for longest; null if there is none. */
  @Nullable Flow first() {
    return first == NONE ? null : flows[first];
  }

  /** How many are here. O(flows). */
  int count() {
    var count = 0;
    for (var slot = first; slot != NONE; slot = links[2 * slot + 1]) {
      count++;
    }
    return count;
  }
}
