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

  uses dev.sluice.flowcontrol.framework.PluginSource;

  provides dev.sluice.flowcontrol.framework.PluginSource with
      dev.sluice.flowcontrol.plugins.BuiltInPlugins;
}
