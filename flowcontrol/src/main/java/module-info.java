/** Flow control for LLM inference serving: decides if and when each request goes to the pool. */
module dev.sluice.flowcontrol {
  requires org.slf4j;
  requires transitive org.jspecify;

  exports dev.sluice.flowcontrol.types;
  exports dev.sluice.flowcontrol.contracts;
  exports dev.sluice.flowcontrol.framework;
  exports dev.sluice.flowcontrol.plugins;
  exports dev.sluice.flowcontrol.config;
  exports dev.sluice.flowcontrol.controller;
}
