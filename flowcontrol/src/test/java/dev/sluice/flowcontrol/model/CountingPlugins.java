package dev.sluice.flowcontrol.model;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.FlowQueueView;
import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.InterFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;
import dev.sluice.flowcontrol.framework.QueueCapability;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.framework.SafeQueue;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Plugins that count the calls to them and every comparison that they make. */
final class CountingPlugins {

  long work;

  private static final PluginCatalog CATALOG = PluginCatalog.builtIn();

  /** A configuration with these plugins and room for one request; 0 is no limit. */
  FlowControlConfig config(int maxRequests) {
    var band =
        BandConfig.DEFAULT
            .withLimits(1_000_000, 1_000_000_000L)
            .withFairness(Plugin.<InterFlowDispatchPolicy>of("counting", Turns::new))
            .withOrdering(
                BandConfig.DEFAULT.ordering(), Plugin.<SafeQueue>of("counting", Queue::new));
    return FlowControlConfig.builder()
        .maxRequests(maxRequests)
        .detector(
            CATALOG.plugin(SaturationDetector.class, "concurrency", Map.of("maxConcurrency", 1)))
        .queueAdmission(CATALOG.plugin(QueueAdmissionPolicy.class, "none"))
        .flowDisplacement(Plugin.<InterFlowDisplacementPolicy>of("counting", Largest::new))
        .defaultBand(band)
        .defaultNegativeBand(band)
        .build();
  }

  private final class Queue implements SafeQueue {
    private final SafeQueue list = CATALOG.plugin(SafeQueue.class, "list").create();

    @Override
    public Set<QueueCapability> capabilities() {
      return list.capabilities();
    }

    @Override
    public void add(QueueItem item) {
      work++;
      list.add(item);
    }

    @Override
    public boolean remove(QueueItem item) {
      work++;
      return list.remove(item);
    }

    @Override
    public @Nullable QueueItem head() {
      work++;
      return list.head();
    }

    @Override
    public @Nullable QueueItem tail() {
      work++;
      return list.tail();
    }

    @Override
    public @Nullable QueueItem oldest() {
      work++;
      return list.oldest();
    }

    @Override
    public int size() {
      work++;
      return list.size();
    }
  }

  private int compare(long a, long b) {
    work++;
    return Long.compare(a, b);
  }

  /** Round-robin by a balanced tree. */
  private final class Turns implements InterFlowDispatchPolicy {
    private final TreeMap<Long, FlowQueueView> turns = new TreeMap<>(CountingPlugins.this::compare);
    private final Map<FlowQueueView, Long> turnOf = new HashMap<>();
    private long last;

    @Override
    public void activated(FlowQueueView queue) {
      work++;
      turns.put(++last, queue);
      turnOf.put(queue, last);
    }

    @Override
    public void deactivated(FlowQueueView queue) {
      work++;
      var turn = turnOf.remove(queue);
      if (turn != null) {
        turns.remove(turn);
      }
    }

    @Override
    public @Nullable FlowQueueView next(EligibilityClass needs, long nowNanos) {
      work++;
      return turns.isEmpty() ? null : turns.firstEntry().getValue();
    }

    @Override
    public boolean precedes(FlowQueueView a, FlowQueueView b, long nowNanos) {
      work++;
      return false;
    }

    @Override
    public void dispatched(FlowQueueView queue, long cost) {
      deactivated(queue);
      activated(queue);
    }
  }

  /** The most queued requests, by a balanced tree. */
  private final class Largest implements InterFlowDisplacementPolicy {
    private final Map<FlowKey, Long> rankOf = new HashMap<>();
    private final TreeMap<Long, FlowView> ranks = new TreeMap<>(CountingPlugins.this::compare);
    private long last;

    @Override
    public void backlogChanged(FlowView flow) {
      work++;
      var rank = rankOf.remove(flow.key());
      if (rank != null) {
        ranks.remove(rank);
      }
      if (flow.queuedRequests() > 0) {
        var own = flow.queuedRequests() * 1_000_000_000L + ++last;
        ranks.put(own, flow);
        rankOf.put(flow.key(), own);
      }
    }

    @Override
    public @Nullable FlowView victim() {
      work++;
      return ranks.isEmpty() ? null : ranks.lastEntry().getValue();
    }
  }
}
