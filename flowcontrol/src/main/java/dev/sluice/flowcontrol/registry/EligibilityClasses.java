package dev.sluice.flowcontrol.registry;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.types.Eligibility;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The eligibility classes in use. A class exists as long as a flow has a queue of it. When the last
 * of these queues goes, the class is retired, and its index goes to the next new class. The class
 * of requests that need nothing special is never retired. Guarded by the core's lock. Every method
 * is O(1), amortised.
 */
final class EligibilityClasses {
  private final Consumer<EligibilityClass> added;
  private final Consumer<EligibilityClass> retired;
  private final Map<Eligibility, EligibilityClass> classes = new HashMap<>();
  private final BitSet usedIndexes = new BitSet();

  /** Number of queues by class index. */
  private int[] queues = new int[4];

  /**
   * Starts with the class of requests that need nothing special.
   *
   * @param added is told of each new class
   * @param retired is told of each class that no queue uses any more
   */
  EligibilityClasses(Consumer<EligibilityClass> added, Consumer<EligibilityClass> retired) {
    this.added = added;
    this.retired = retired;
    addQueue(classFor(Eligibility.ANY)); // counts as a queue that is never removed
  }

  /** All classes, in no order. */
  Collection<EligibilityClass> all() {
    return classes.values();
  }

  /** Number of classes. */
  int size() {
    return classes.size();
  }

  /** Whether there is a class of requests with these needs. */
  boolean contains(Eligibility needs) {
    return classes.containsKey(needs);
  }

  /** The class of requests with these needs, made if there is none. */
  EligibilityClass classFor(Eligibility needs) {
    var known = classes.get(needs);
    return known == null ? create(needs) : known;
  }

  private EligibilityClass create(Eligibility needs) {
    var index = usedIndexes.nextClearBit(0);
    usedIndexes.set(index);
    if (index >= queues.length) {
      queues = Arrays.copyOf(queues, index * 2);
    }
    var created = new EligibilityClass(index, needs);
    classes.put(needs, created);
    added.accept(created);
    return created;
  }

  /** Counts a new queue of a class. */
  void addQueue(EligibilityClass needs) {
    queues[needs.index()]++;
  }

  /** Counts a queue of a class out. Returns true if that was the last, so the class is retired. */
  boolean removeQueue(EligibilityClass needs) {
    if (--queues[needs.index()] > 0) {
      return false;
    }
    classes.remove(needs.needs());
    usedIndexes.clear(needs.index());
    retired.accept(needs);
    return true;
  }
}
