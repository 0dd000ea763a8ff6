/** Flow control for LLM inference serving: decides if and when each request goes to the pool. */
module dev.sluice.flowcontrol {
  requires org.slf4j;
  requires transitive org.jspecify;

  exports dev.sluice.flowcontrol.types;
  exports dev.sluice.flowcontrol.contracts;
  exports dev.sluice.flowcontrol.framework;
  exports dev.sluice.flowcontrol.plugins.queues;
  exports dev.sluice.flowcontrol.plugins.ordering;
  exports dev.sluice.flowcontrol.plugins.fairness;
  exports dev.sluice.flowcontrol.plugins.displacement;
  exports dev.sluice.flowcontrol.plugins.detectors;
  exports dev.sluice.flowcontrol.plugins.limits;
  exports dev.sluice.flowcontrol.plugins.bands;
  exports dev.sluice.flowcontrol.plugins.admission;
  exports dev.sluice.flowcontrol.plugins.cost;
  exports dev.sluice.flowcontrol.config;
  exports dev.sluice.flowcontrol.controller;

  uses dev.sluice.flowcontrol.framework.PluginProvider;

  provides dev.sluice.flowcontrol.framework.PluginProvider with
      dev.sluice.flowcontrol.plugins.queues.ListQueue.Provider,
      dev.sluice.flowcontrol.plugins.queues.HeapQueue.Provider,
      dev.sluice.flowcontrol.plugins.ordering.FirstComeFirstServed.Provider,
      dev.sluice.flowcontrol.plugins.ordering.EarliestDeadlineFirst.Provider,
      dev.sluice.flowcontrol.plugins.ordering.FeasibleDeadlineFirst.Provider,
      dev.sluice.flowcontrol.plugins.ordering.SloDeadlineFirst.Provider,
      dev.sluice.flowcontrol.plugins.ordering.ShortestFirstAged.Provider,
      dev.sluice.flowcontrol.plugins.fairness.RoundRobin.Provider,
      dev.sluice.flowcontrol.plugins.fairness.BestHead.Provider,
      dev.sluice.flowcontrol.plugins.fairness.VirtualToken.Provider,
      dev.sluice.flowcontrol.plugins.fairness.VirtualTokenCounter.Provider,
      dev.sluice.flowcontrol.plugins.fairness.DeficitRoundRobin.Provider,
      dev.sluice.flowcontrol.plugins.fairness.ProgramAware.Provider,
      dev.sluice.flowcontrol.plugins.displacement.TailVictim.Provider,
      dev.sluice.flowcontrol.plugins.displacement.LargestBacklog.Provider,
      dev.sluice.flowcontrol.plugins.displacement.RoundRobinVictim.Provider,
      dev.sluice.flowcontrol.plugins.detectors.Concurrency.Provider,
      dev.sluice.flowcontrol.plugins.detectors.Utilization.Provider,
      dev.sluice.flowcontrol.plugins.detectors.Ledger.Provider,
      dev.sluice.flowcontrol.plugins.limits.StaticLimit.Provider,
      dev.sluice.flowcontrol.plugins.limits.PriorityHoldback.Provider,
      dev.sluice.flowcontrol.plugins.limits.CeilingsByRank.Provider,
      dev.sluice.flowcontrol.plugins.bands.StrictPriority.Provider,
      dev.sluice.flowcontrol.plugins.bands.StrictReserve.Provider,
      dev.sluice.flowcontrol.plugins.bands.WeightedBands.Provider,
      dev.sluice.flowcontrol.plugins.admission.AdmitAll.Provider,
      dev.sluice.flowcontrol.plugins.admission.DynamicThreshold.Provider,
      dev.sluice.flowcontrol.plugins.admission.StaticQuota.Provider,
      dev.sluice.flowcontrol.plugins.cost.WeightedTokens.Provider,
      dev.sluice.flowcontrol.plugins.cost.KvTokenTime.Provider,
      dev.sluice.flowcontrol.plugins.cost.MovingAverage.Provider,
      dev.sluice.flowcontrol.plugins.cost.NoPrediction.Provider,
      dev.sluice.flowcontrol.plugins.cost.ClientLimit.Provider;
}
