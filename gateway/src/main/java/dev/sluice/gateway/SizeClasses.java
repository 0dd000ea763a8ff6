package dev.sluice.gateway;

import java.util.LinkedHashSet;
import java.util.SequencedSet;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Elements by size, to within a factor of two, so that a size that grows step by step moves its
 * element seldom. O(log of the largest size) for each call. Not thread-safe.
 */
final class SizeClasses<E> {
  private final TreeMap<Integer, SequencedSet<E>> classes = new TreeMap<>();

  /** Takes over a new size of an element; 0 is the size of an element that is not here. */
  void resized(E element, long from, long to) {
    var before = classOf(from);
    var after = classOf(to);
    if (before == after) {
      return;
    }
    var left = classes.get(before);
    if (left != null) {
      left.remove(element);
      if (left.isEmpty()) {
        classes.remove(before);
      }
    }
    if (after > 0) {
      classes.computeIfAbsent(after, ignored -> new LinkedHashSet<>()).addLast(element);
    }
  }

  private static int classOf(long size) {
    return Long.SIZE - Long.numberOfLeadingZeros(size);
  }

  /** The last one of the largest elements; null if there are none. */
  @Nullable E largest() {
    return classes.isEmpty() ? null : classes.lastEntry().getValue().getLast();
  }

  /** The last one of the largest elements other than {@code excluded}; null if there are none. */
  @Nullable E largestExcept(@Nullable E excluded) {
    for (var elements : classes.descendingMap().values()) {
      for (var element : elements.reversed()) {
        if (element != excluded) {
          return element;
        }
      }
    }
    return null;
  }
}
