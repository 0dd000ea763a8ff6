package dev.sluice.flowcontrol.registry;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.guard.Faults;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The bands by priority and by rank, where rank 0 is the most important, and the set of bands that
 * have something to serve. Bands are made from the configuration, or from its templates on first
 * use. A rank is valid until the {@link #version} changes. Guarded by the core's lock.
 */
final class Bands {
  private final Faults faults;
  private final Backlog total = new Backlog(null);
  private final Map<Integer, Band> byPriority = new HashMap<>();
  private FlowControlConfig config;
  private long nowNanos;
  private Band[] byRank = {};
  private int[] priorities = {};
  private long active;
  private long version = 1;

  /** False only if every band is configured or has a flow. */
  private boolean mayHaveEmpty;

  /** Starts without bands. */
  Bands(FlowControlConfig config, Faults faults) {
    this.config = config;
    this.faults = faults;
  }

  /** The backlog of all bands. */
  Backlog total() {
    return total;
  }

  /** The time of the operation that is under way, for policies. */
  long nowNanos() {
    return nowNanos;
  }

  void advanceTo(long nanos) {
    nowNanos = nanos;
  }

  /** The band of a rank. */
  Band at(int rank) {
    return byRank[rank];
  }

  /** Number of bands. */
  int count() {
    return byRank.length;
  }

  /** The bands by rank, as they are now. */
  List<Band> list() {
    return List.of(byRank);
  }

  /** The bands' priorities by rank. Callers must not change the array. */
  int[] priorities() {
    return priorities;
  }

  /** A number above 0 that grows when bands come, go or are reconfigured. */
  long version() {
    return version;
  }

  /** Bit r is set if the band of rank r has a queue that may be served. */
  long active() {
    return active;
  }

  /** Sets or clears the band's bit in {@link #active}, after its queues changed. */
  void updateActive(Band band) {
    var bit = 1L << band.rank();
    active = band.hasActiveQueues() ? active | bit : active & ~bit;
  }

  /**
   * The band of a priority, made if there is none. Null if {@value FlowControlConfig#MAX_BANDS}
   * bands exist and all have to stay.
   */
  @Nullable Band ofPriority(int priority, long nowNanos) {
    var band = byPriority.get(priority);
    if (band != null) {
      return band;
    }
    if (isFull()) {
      collect(nowNanos, 0);
    }
    return isFull() ? null : create(priority, nowNanos);
  }

  /** Makes the configured bands that do not exist yet, as far as there is room. */
  void createConfigured(long nowNanos) {
    for (var priority : config.bands().keySet().stream().sorted().toList()) {
      if (!byPriority.containsKey(priority) && !isFull()) {
        create(priority, nowNanos);
      }
    }
  }

  private boolean isFull() {
    return byRank.length == FlowControlConfig.MAX_BANDS;
  }

  private Band create(int priority, long nowNanos) {
    var configured = config.bands().containsKey(priority);
    var band =
        new Band(this, priority, config.band(priority), configured, plugins(priority), nowNanos);
    byPriority.put(priority, band);
    mayHaveEmpty = true;
    rank();
    return band;
  }

  /** Notes that the last flow of a band is gone. */
  void noteEmpty() {
    mayHaveEmpty = true;
  }

  /**
   * Takes over a configuration. Bands that exist already are reconfigured by {@link
   * Reconfiguration}.
   */
  void reconfigure(FlowControlConfig newConfig) {
    config = newConfig;
  }

  /** The plugins of a band by the present configuration. */
  BandPlugins plugins(int priority) {
    return new BandPlugins(config.band(priority), config.flowDisplacement(), faults);
  }

  /** Notes that bands have changed, and may no longer be configured. */
  void noteReconfigured() {
    version++;
    mayHaveEmpty = true;
  }

  /**
   * The number of requests that a band may add under the limit on all requests. Requests of less
   * important bands count as free if they would give way.
   */
  long freeRequests(Band band) {
    if (config.maxRequests() == 0) {
      return Long.MAX_VALUE;
    }
    var free = config.maxRequests() - total.queuedRequests();
    if (config.displacement()) {
      for (var rank = band.rank() + 1; rank < byRank.length; rank++) {
        free += byRank[rank].queuedRequests();
      }
    }
    return free;
  }

  /** As {@link #freeRequests}, in bytes. */
  long freeBytes(Band band) {
    if (config.maxBytes() == 0) {
      return Long.MAX_VALUE;
    }
    var free = config.maxBytes() - total.queuedBytes();
    if (config.displacement()) {
      for (var rank = band.rank() + 1; rank < byRank.length; rank++) {
        free += byRank[rank].queuedBytes();
      }
    }
    return free;
  }

  /** Lets every band forget a class that no queue uses any more. */
  void forget(EligibilityClass retired) {
    for (var band : byRank) {
      band.forget(retired);
    }
  }

  /** Removes the bands of templates that have had no flow for {@code idleNanos}. */
  void collect(long nowNanos, long idleNanos) {
    if (!mayHaveEmpty) {
      return;
    }
    var kept = false;
    var removed = false;
    for (var band : byRank) {
      if (band.isConfigured() || band.flows() > 0) {
        continue;
      }
      if (nowNanos - band.emptySinceNanos() >= idleNanos) {
        byPriority.remove(band.priority());
        removed = true;
      } else {
        kept = true;
      }
    }
    mayHaveEmpty = kept;
    if (removed) {
      rank();
    }
  }

  /**
   * The time until {@link #collect} removes a band; {@link Long#MAX_VALUE} if it would remove none.
   */
  long nanosToCollection(long nowNanos, long idleNanos) {
    var least = Long.MAX_VALUE;
    if (mayHaveEmpty) {
      for (var band : byRank) {
        if (!band.isConfigured() && band.flows() == 0) {
          least = Math.min(least, idleNanos - (nowNanos - band.emptySinceNanos()));
        }
      }
    }
    return least;
  }

  private void rank() {
    version++;
    byRank =
        byPriority.values().stream()
            .sorted(Comparator.comparingInt(Band::priority).reversed())
            .toArray(Band[]::new);
    priorities = new int[byRank.length];
    active = 0;
    for (var rank = 0; rank < byRank.length; rank++) {
      byRank[rank].setRank(rank);
      priorities[rank] = byRank[rank].priority();
      updateActive(byRank[rank]);
    }
  }
}
