package dev.sluice.flowcontrol.registry;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The list of idle flows, with the flow first that has been idle for longest. Every request of a
 * lone flow takes the flow out and puts it back, so both are cheap: a known flow has a slot all the
 * time, and the list links slot numbers. Linking therefore touches no other flow, which would be a
 * wait for memory, and stores no reference, which would run the collector's barrier.
 *
 * <p>Not thread-safe. O(1), amortised for {@link #know} and {@link #forget}.
 */
final class IdleFlows {
  private static final int NONE = -1;
  private static final int SMALLEST = 16;

  private @Nullable Flow[] flows = new Flow[SMALLEST];

  /**
   * Two numbers for each slot i. At 2i is the slot before it, and at 2i + 1 is the slot after it. A
   * free slot has at 2i + 1 the next free slot.
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
    flow.setIdleSlot(slot);
    known++;
  }

  /** Takes back the slot of a flow that is not in the list. */
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

  /** Halves the arrays. The flows get new slots; their order stays. */
  private void shrink() {
    var oldFlows = flows;
    var oldLinks = links;
    flows = new Flow[oldFlows.length / 2];
    links = new int[2 * flows.length];
    var used = 0;
    for (var flow : oldFlows) {
      if (flow != null && !flow.isIdle()) {
        flows[used] = flow;
        flow.setIdleSlot(used++);
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
        flow.setIdleSlot(used);
        append(used++);
      }
    }
    chainFree(used);
  }

  /** Adds a known flow at the end. */
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

  /** Takes out a flow that is in the list. */
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

  /** The flow that has been in the list for longest, or null if the list is empty. */
  @Nullable Flow first() {
    return first == NONE ? null : flows[first];
  }

  /** All known flows by slot, in an array of the caller's own; null where a slot is free. */
  @Nullable Flow[] copyOfKnown() {
    return flows.clone();
  }

  /** Length of the list. O(flows). */
  int count() {
    var count = 0;
    for (var slot = first; slot != NONE; slot = links[2 * slot + 1]) {
      count++;
    }
    return count;
  }
}
