package dev.sluice.gateway;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory that all request bodies together may take. It is reserved when the headers of a
 * request have been read, before any byte of the body is. Thread-safe; O(1).
 */
final class BodyBudget {
  private final long limitBytes;
  private final AtomicLong reservedBytes = new AtomicLong();

  BodyBudget(long limitBytes) {
    this.limitBytes = limitBytes;
  }

  /** Reserves {@code bytes}. Returns false, and reserves nothing, if fewer are left. */
  boolean reserve(long bytes) {
    if (reservedBytes.addAndGet(bytes) > limitBytes) {
      reservedBytes.addAndGet(-bytes);
      return false;
    }
    return true;
  }

  /** Gives back {@code bytes} that were reserved. */
  void release(long bytes) {
    reservedBytes.addAndGet(-bytes);
  }

  long reservedBytes() {
    return reservedBytes.get();
  }

  long limitBytes() {
    return limitBytes;
  }
}
