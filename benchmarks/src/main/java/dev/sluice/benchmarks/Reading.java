package dev.sluice.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * The process's counters at one moment, or what they grew by between two.
 *
 * @param operations that were done
 * @param nanos of the clock
 * @param cpuNanos of all threads, the JVM's own included
 * @param allocatedBytes by Java code
 */
record Reading(long operations, long nanos, long cpuNanos, long allocatedBytes) {
  private static final ThreadMXBean THREADS =
      ManagementFactory.getPlatformMXBean(ThreadMXBean.class);
  private static final OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  /** The counters now, after so many operations. */
  static Reading now(long operations) {
    return new Reading(
        operations,
        System.nanoTime(),
        SYSTEM.getProcessCpuTime(),
        THREADS.getTotalThreadAllocatedBytes());
  }

  /** What happened since an earlier reading. */
  Reading since(Reading earlier) {
    return new Reading(
        operations - earlier.operations,
        nanos - earlier.nanos,
        cpuNanos - earlier.cpuNanos,
        allocatedBytes - earlier.allocatedBytes);
  }

  /** Two stretches together. */
  Reading plus(Reading other) {
    return new Reading(
        operations + other.operations,
        nanos + other.nanos,
        cpuNanos + other.cpuNanos,
        allocatedBytes + other.allocatedBytes);
  }

  /** Of several stretches that with the median rate. */
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

  /** Nanoseconds of the clock per operation, of all threads together. */
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

  /** A line of the table about it. */
  Result result(String bench, Map<String, Object> params, Map<String, Double> more) {
    return new Result(bench, params, perSecond(), nsPerOp(), bytesPerOp(), more);
  }
}
