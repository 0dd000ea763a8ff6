package dev.sluice.benchmarks;

import java.lang.management.ManagementFactory;

/** The Java heap. */
final class Heap {
  private Heap() {}

  /** Bytes of what is reachable. Collects garbage first, so it takes a while. */
  static long used() {
    var memory = ManagementFactory.getMemoryMXBean();
    memory.gc();
    memory.gc();
    return memory.getHeapMemoryUsage().getUsed();
  }
}
