package dev.sluice.benchmarks;

import java.lang.management.ManagementFactory;

/** Measures the Java heap. Stateless. */
final class Heap {
  private Heap() {}

  /** The bytes of reachable objects. Collects garbage first, so this takes a while. */
  static long used() {
    var memory = ManagementFactory.getMemoryMXBean();
    memory.gc();
    memory.gc();
    return memory.getHeapMemoryUsage().getUsed();
  }
}
