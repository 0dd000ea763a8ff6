package dev.sluice.flowcontrol.plugins;

import dev.sluice.flowcontrol.framework.BandPolicy;
import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.InterFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.IntraFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.framework.PluginSource;
import dev.sluice.flowcontrol.framework.PluginType;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;
import dev.sluice.flowcontrol.framework.SafeQueue;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.framework.UsageLimitPolicy;
import dev.sluice.flowcontrol.plugins.admission.AdmitAll;
import dev.sluice.flowcontrol.plugins.admission.DynamicThreshold;
import dev.sluice.flowcontrol.plugins.admission.StaticQuota;
import dev.sluice.flowcontrol.plugins.bands.StrictPriority;
import dev.sluice.flowcontrol.plugins.bands.StrictReserve;
import dev.sluice.flowcontrol.plugins.bands.WeightedBands;
import dev.sluice.flowcontrol.plugins.cost.ClientLimit;
import dev.sluice.flowcontrol.plugins.cost.KvTokenTime;
import dev.sluice.flowcontrol.plugins.cost.MovingAverage;
import dev.sluice.flowcontrol.plugins.cost.NoPrediction;
import dev.sluice.flowcontrol.plugins.cost.WeightedTokens;
import dev.sluice.flowcontrol.plugins.detectors.Concurrency;
import dev.sluice.flowcontrol.plugins.detectors.Ledger;
import dev.sluice.flowcontrol.plugins.detectors.Utilization;
import dev.sluice.flowcontrol.plugins.displacement.LargestBacklog;
import dev.sluice.flowcontrol.plugins.displacement.RoundRobinVictim;
import dev.sluice.flowcontrol.plugins.displacement.TailVictim;
import dev.sluice.flowcontrol.plugins.fairness.BestHead;
import dev.sluice.flowcontrol.plugins.fairness.DeficitRoundRobin;
import dev.sluice.flowcontrol.plugins.fairness.ProgramAware;
import dev.sluice.flowcontrol.plugins.fairness.RoundRobin;
import dev.sluice.flowcontrol.plugins.fairness.VirtualToken;
import dev.sluice.flowcontrol.plugins.fairness.VirtualTokenCounter;
import dev.sluice.flowcontrol.plugins.limits.CeilingsByRank;
import dev.sluice.flowcontrol.plugins.limits.PriorityHoldback;
import dev.sluice.flowcontrol.plugins.limits.StaticLimit;
import dev.sluice.flowcontrol.plugins.ordering.EarliestDeadlineFirst;
import dev.sluice.flowcontrol.plugins.ordering.FeasibleDeadlineFirst;
import dev.sluice.flowcontrol.plugins.ordering.FirstComeFirstServed;
import dev.sluice.flowcontrol.plugins.ordering.ShortestFirstAged;
import dev.sluice.flowcontrol.plugins.ordering.SloDeadlineFirst;
import dev.sluice.flowcontrol.plugins.queues.HeapQueue;
import dev.sluice.flowcontrol.plugins.queues.ListQueue;
import java.util.List;

/**
 * The built-in plugin types, one line each, in the order of the packages. A new policy is a class
 * and a line here; {@code README.md} of this package says what each decision costs. Immutable.
 */
public final class BuiltInPlugins implements PluginSource {
  private static final List<PluginType<?>> TYPES =
      List.of(
          PluginType.of("list", SafeQueue.class, ListQueue::new),
          PluginType.of("heap", SafeQueue.class, HeapQueue::new),
          PluginType.of("fcfs", IntraFlowDispatchPolicy.class, FirstComeFirstServed::new)
              .withAliases("fcfs-ordering-policy"),
          PluginType.of("edf", IntraFlowDispatchPolicy.class, EarliestDeadlineFirst::new)
              .withAliases("edf-ordering-policy"),
          PluginType.of(
              "edf-feasible",
              IntraFlowDispatchPolicy.class,
              FeasibleDeadlineFirst.Parameters.DEFAULT,
              FeasibleDeadlineFirst::new),
          PluginType.of("slo-deadline", IntraFlowDispatchPolicy.class, SloDeadlineFirst::new)
              .withAliases("slo-deadline-ordering-policy"),
          PluginType.of(
              "sjf-aged",
              IntraFlowDispatchPolicy.class,
              ShortestFirstAged.Parameters.DEFAULT,
              ShortestFirstAged::new),
          PluginType.of("virtual-token", InterFlowDispatchPolicy.class, VirtualToken::new),
          PluginType.of("round-robin", InterFlowDispatchPolicy.class, RoundRobin::new)
              .withAliases("round-robin-fairness-policy"),
          PluginType.of("best-head", InterFlowDispatchPolicy.class, BestHead::new)
              .withAliases("global-strict", "global-strict-fairness-policy"),
          PluginType.of("vtc", InterFlowDispatchPolicy.class, VirtualTokenCounter::new),
          PluginType.of(
              "drr",
              InterFlowDispatchPolicy.class,
              DeficitRoundRobin.Parameters.DEFAULT,
              DeficitRoundRobin::new),
          PluginType.of(
                  "program-aware",
                  InterFlowDispatchPolicy.class,
                  ProgramAware.Parameters.DEFAULT,
                  ProgramAware::new)
              .withAliases("program-aware-fairness"),
          PluginType.of("tail", IntraFlowDisplacementPolicy.class, TailVictim::new),
          PluginType.of("largest-backlog", InterFlowDisplacementPolicy.class, LargestBacklog::new),
          PluginType.of("round-robin", InterFlowDisplacementPolicy.class, RoundRobinVictim::new),
          PluginType.of("ledger", SaturationDetector.class, Ledger.Parameters.DEFAULT, Ledger::new),
          PluginType.of(
                  "concurrency",
                  SaturationDetector.class,
                  Concurrency.Parameters.DEFAULT,
                  Concurrency::new)
              .withAliases("concurrency-detector"),
          PluginType.of(
                  "utilization",
                  SaturationDetector.class,
                  Utilization.Parameters.DEFAULT,
                  Utilization::new)
              .withAliases("utilization-detector"),
          PluginType.of(
                  "static",
                  UsageLimitPolicy.class,
                  StaticLimit.Parameters.DEFAULT,
                  StaticLimit::new)
              .withAliases("static-usage-limit-policy"),
          PluginType.of(
                  "priority-holdback",
                  UsageLimitPolicy.class,
                  PriorityHoldback.Parameters.DEFAULT,
                  PriorityHoldback::new)
              .withAliases("priority-holdback-policy"),
          PluginType.of(
              "ceilings",
              UsageLimitPolicy.class,
              CeilingsByRank.Parameters.DEFAULT,
              CeilingsByRank::new),
          PluginType.of(
              "strict-reserve",
              BandPolicy.class,
              StrictReserve.Parameters.DEFAULT,
              StrictReserve::new),
          PluginType.of("strict", BandPolicy.class, StrictPriority::new),
          PluginType.of("weighted", BandPolicy.class, WeightedBands::new),
          PluginType.of(
              "dynamic-threshold",
              QueueAdmissionPolicy.class,
              DynamicThreshold.Parameters.DEFAULT,
              DynamicThreshold::new),
          PluginType.of(
              "static",
              QueueAdmissionPolicy.class,
              StaticQuota.Parameters.DEFAULT,
              StaticQuota::new),
          PluginType.of("none", QueueAdmissionPolicy.class, AdmitAll::new),
          PluginType.of(
              "weighted-tokens",
              CostModel.class,
              WeightedTokens.Parameters.DEFAULT,
              WeightedTokens::new),
          PluginType.of("kv-token-time", CostModel.class, KvTokenTime::new),
          PluginType.of(
              "ema", OutputPredictor.class, MovingAverage.Parameters.DEFAULT, MovingAverage::new),
          PluginType.of("none", OutputPredictor.class, NoPrediction::new),
          PluginType.of(
              "limit", OutputPredictor.class, ClientLimit.Parameters.DEFAULT, ClientLimit::new));

  /** Called by {@link java.util.ServiceLoader}. */
  public BuiltInPlugins() {}

  @Override
  public List<PluginType<?>> types() {
    return TYPES;
  }
}
