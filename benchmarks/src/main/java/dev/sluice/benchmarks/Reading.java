package dev.sluice.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * The counters of the process at one moment, or their growth between two moments.
 *
 * @param operations the number of operations
 * @param nanos the time of the clock
 * @param cpuNanos the CPU time of all threads, including the JVM's own
 * @param allocatedBytes the bytes that Java code has allocated
 */
record Reading(long operations, long nanos, long cpuNanos, long allocatedBytes) {
  private static final ThreadMXBean THREADS =
      ManagementFactory.getPlatformMXBean(ThreadMXBean.class);
  private static final OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  /** The counters now, after {@code operations} operations. */
  static Reading now(long operations) {
    return new Reading(
        operations,
        System.nanoTime(),
        SYSTEM.getProcessCpuTime(),
        THREADS.getTotalThreadAllocatedBytes());
  }

  /** The growth of the counters since an earlier reading. */
  Reading since(Reading earlier) {
    return new Reading(
        operations - earlier.operations,
        nanos - earlier.nanos,
        cpuNanos - earlier.cpuNanos,
        allocatedBytes - earlier.allocatedBytes);
  }

  /** The sum of two growths. */
  Reading plus(Reading other) {
    return new Reading(
        operations + other.operations,
        nanos + other.nanos,
        cpuNanos + other.cpuNanos,
        allocatedBytes + other.allocatedBytes);
  }

  /** The reading with the median rate. */
  static Reading median(List<Reading> stretches) {
    return stretches.stream()
        .sorted(Comparator.comparingDouble(Reading::perSecond))
        .toList()
        .get(stretches.size() / 2);
  }

  /** Operations per second. */
  double perSecond() {
    return operations * 1e9 / nanos;
  }

  /** Nanoseconds of the clock per operation; all threads share one clock. */
  double nsPerOp() {
    return (double) nanos / operations;
  }

  /** Bytes allocated per operation. */
  double bytesPerOp() {
    return (double) allocatedBytes / operations;
  }

  /** Microseconds of CPU time per operation. */
  double cpuMicrosPerOp() {
    return cpuNanos / 1e3 / operations;
  }

  /** The line of the table about this reading. */
  Result result(String bench, Map<String, Object> params, Map<String, Double> more) {
    return new Result(bench, params, perSecond(), nsPerOp(), bytesPerOp(), more);
  }
}
