package dev.sluice.flowcontrol.plugins.bands;

import dev.sluice.flowcontrol.framework.BandView;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/**
 * The part of the service that each band is sure of, given the set of bands that compete.
 *
 * <pre>
 *   the most important competitor      needs no share: it goes first
 *   the kth after it                   the share of its configuration, or else total / 2^k
 *   each                               at least the share of every less important competitor
 *   all together                       at most a half: if more is asked for, all shrink in proportion
 * </pre>
 *
 * <p>A set of bands is a set of slots, one bit each. A priority keeps its slot while its band
 * exists, and afterwards until the slots run out, so that a set that was noted earlier keeps its
 * meaning although ranks change. There are 63 slots. If 64 bands exist, the least important has
 * none.
 */
final class ReservedShares {
  static final int SLOTS = 63;
  private static final double MOST = 0.5;

  private final double total;
  private final Map<Integer, Integer> slotsByPriority = new HashMap<>();
  private final double[] configured = new double[SLOTS];
  private int[] slotsByRank = {};
  private long present;

  /** The slots of all priorities that have one, most important first. */
  private int[] slotsByImportance = {};

  private final double[] shares = new double[SLOTS];
  private long computedFor;

  /** No bands yet. {@code total} is the limit of what unconfigured bands are sure of together. */
  ReservedShares(double total) {
    this.total = total;
  }

  /**
   * Gives each band a slot.
   *
   * @return the slots of bands that did not exist before
   */
  long bandsChanged(List<? extends BandView> bands) {
    var before = present;
    var ranked = bands.subList(0, Math.min(bands.size(), SLOTS));
    var priorities = ranked.stream().map(BandView::priority).toList();
    var known = new HashSet<>(slotsByPriority.keySet());
    known.addAll(priorities);
    if (known.size() > SLOTS) {
      slotsByPriority.keySet().retainAll(priorities);
    }
    slotsByRank = new int[ranked.size()];
    present = 0;
    for (var rank = 0; rank < slotsByRank.length; rank++) {
      var slot = slotOf(priorities.get(rank));
      slotsByRank[rank] = slot;
      configured[slot] = ranked.get(rank).reservedShare();
      present |= 1L << slot;
    }
    slotsByImportance =
        slotsByPriority.entrySet().stream()
            .sorted(Map.Entry.comparingByKey(Comparator.reverseOrder()))
            .mapToInt(Map.Entry::getValue)
            .toArray();
    computedFor = 0;
    Arrays.fill(shares, 0);
    return present & ~before;
  }

  private int slotOf(int priority) {
    var slot = slotsByPriority.get(priority);
    if (slot == null) {
      var used = 0L;
      for (var taken : slotsByPriority.values()) {
        used |= 1L << taken;
      }
      slot = Long.numberOfTrailingZeros(~used);
      slotsByPriority.put(priority, slot);
    }
    return slot;
  }

  /** The slots of the bands that exist. */
  long present() {
    return present;
  }

  /** The slot of the band of a rank; -1 if it has none. */
  int slot(int rank) {
    return rank < slotsByRank.length ? slotsByRank[rank] : -1;
  }

  /** The slots of a set of ranks. */
  long slots(long ranks) {
    var slots = 0L;
    for (var rest = ranks; rest != 0; rest &= rest - 1) {
      var rank = Long.numberOfTrailingZeros(rest);
      slots |= rank < slotsByRank.length ? 1L << slotsByRank[rank] : 0;
    }
    return slots;
  }

  /** The shares by slot while these slots compete. Valid until the next call. O(bands). */
  double[] among(long competitors) {
    if (competitors != computedFor) {
      computedFor = competitors;
      compute(competitors);
    }
    return shares;
  }

  private void compute(long competitors) {
    Arrays.fill(shares, 0);
    var first = -1;
    var share = total;
    for (var slot : slotsByImportance) {
      if ((competitors & (1L << slot)) == 0) {
        continue;
      }
      if (first < 0) {
        first = slot;
      } else {
        share /= 2;
        shares[slot] = Double.isNaN(configured[slot]) ? share : configured[slot];
      }
    }
    var least = 0.0;
    var sum = 0.0;
    for (var i = slotsByImportance.length - 1; i >= 0; i--) {
      var slot = slotsByImportance[i];
      if (slot != first && (competitors & (1L << slot)) != 0) {
        least = Math.max(least, shares[slot]);
        shares[slot] = least;
        sum += least;
      }
    }
    if (sum > MOST) {
      for (var slot : slotsByImportance) {
        shares[slot] *= MOST / sum;
      }
    }
  }
}
