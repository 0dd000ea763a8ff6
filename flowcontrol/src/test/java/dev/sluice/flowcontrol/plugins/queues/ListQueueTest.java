package dev.sluice.flowcontrol.plugins.queues;

import dev.sluice.flowcontrol.conformance.SafeQueueConformance;
import dev.sluice.flowcontrol.framework.SafeQueue;

final class ListQueueTest extends SafeQueueConformance {

  @Override
  protected SafeQueue newQueue() {
    return new ListQueue();
  }
}
