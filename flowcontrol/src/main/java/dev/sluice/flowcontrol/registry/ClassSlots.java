package dev.sluice.flowcontrol.registry;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A band's records of eligibility classes, and the list of classes that have a queue that may be
 * served. Guarded by the core's lock. O(1), amortised; {@link #queueDeactivated} is O(active
 * classes).
 */
final class ClassSlots {
  private static final ClassSlot[] NONE = {};

  /** By class index; null if there is no record of the class. */
  private @Nullable ClassSlot[] slots = NONE;

  private final List<ClassSlot> active = new ArrayList<>(1);

  /** The classes of which a queue may be served, in the order in which they became active. */
  List<ClassSlot> active() {
    return active;
  }

  /** The record of a class, made on first use. */
  ClassSlot of(EligibilityClass needs) {
    if (needs.index() >= slots.length) {
      slots = Arrays.copyOf(slots, Math.max(needs.index() + 1, slots.length * 2));
    }
    var slot = slots[needs.index()];
    if (slot == null) {
      slot = new ClassSlot(needs);
      slots[needs.index()] = slot;
    }
    return slot;
  }

  void forget(EligibilityClass retired) {
    if (retired.index() < slots.length) {
      slots[retired.index()] = null;
    }
  }

  /** Notes that one more queue of a class may be served. */
  void queueActivated(ClassSlot slot) {
    slot.addActiveQueues(1);
    if (slot.activeQueues() == 1) {
      active.add(slot);
    }
  }

  /** Notes that one queue fewer of a class may be served. */
  void queueDeactivated(ClassSlot slot) {
    slot.addActiveQueues(-1);
    if (slot.activeQueues() == 0) {
      active.remove(slot);
      slot.setSkipped(false);
    }
  }
}
