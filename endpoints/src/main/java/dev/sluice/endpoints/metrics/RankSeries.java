package dev.sluice.endpoints.metrics;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Series of one page that may tell of the same requests, as SGLang writes them. Not thread-safe.
 *
 * <pre>
 *   tp_rank, pp_rank   ranks that work on the same requests. Of each dp_rank, only the series of the
 *                      lowest pp_rank and then tp_rank counts, which need not be 0: with data-parallel
 *                      attention, dp_rank 3 may have tp_rank 3 alone
 *   priority           empty for the total, else a part of it. Parts count only without a total
 * </pre>
 *
 * @param <M> the meanings of series
 */
final class RankSeries<M> {
  private static final String TP = "tp_rank";
  private static final String PP = "pp_rank";
  private static final String PRIORITY = "priority";
  private static final Set<String> LABELS = Set.of(TP, PP, PRIORITY, "moe_ep_rank");

  /** Hears of each series that counts. */
  interface Receiver<M> {
    void add(M meaning, Sample sample, double value);
  }

  private record Key<M>(M meaning, Map<String, String> otherLabels) {}

  private final Map<Key<M>, List<Sample>> groups = new HashMap<>();

  /** Whether a series has one of the labels. */
  static boolean concerns(Sample sample) {
    var labels = sample.labels();
    return labels.containsKey(TP) || labels.containsKey(PP) || labels.containsKey(PRIORITY);
  }

  void clear() {
    groups.clear();
  }

  void add(M meaning, Sample sample) {
    var others = new HashMap<>(sample.labels());
    others.keySet().removeAll(LABELS);
    others.putIfAbsent("dp_rank", "0");
    groups.computeIfAbsent(new Key<>(meaning, others), key -> new ArrayList<>()).add(sample);
  }

  void forEach(Receiver<M> receiver) {
    groups.forEach((key, samples) -> {
      var lowest = Long.MAX_VALUE;
      for (var sample : samples) {
        lowest = Math.min(lowest, rank(sample));
      }
      var hasTotal = false;
      for (var sample : samples) {
        hasTotal |= rank(sample) == lowest && isTotal(sample);
      }
      for (var sample : samples) {
        if (rank(sample) == lowest && isTotal(sample) == hasTotal) {
          receiver.add(key.meaning, sample, sample.value());
        }
      }
    });
  }

  private static boolean isTotal(Sample sample) {
    return sample.labels().getOrDefault(PRIORITY, "").isEmpty();
  }

  private static long rank(Sample sample) {
    return (number(sample, PP) << 32) + number(sample, TP);
  }

  /** A label's number; 0 if there is none, and a large one if it is no number. */
  private static long number(Sample sample, String label) {
    var text = sample.labels().getOrDefault(label, "0");
    try {
      return Math.min(Integer.MAX_VALUE, Math.abs((long) Integer.parseInt(text)));
    } catch (NumberFormatException e) {
      return Integer.MAX_VALUE;
    }
  }
}
