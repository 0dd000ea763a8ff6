package dev.sluice.modelserver;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** The counts of a server that its owner can read from any thread. Thread-safe. */
final class Totals {
  final AtomicInteger running = new AtomicInteger();
  final AtomicInteger waiting = new AtomicInteger();
  final AtomicLong started = new AtomicLong();
  final AtomicLong finished = new AtomicLong();
  final AtomicLong cancelled = new AtomicLong();
  final AtomicLong preempted = new AtomicLong();
  final AtomicLong bytesWritten = new AtomicLong();
}
