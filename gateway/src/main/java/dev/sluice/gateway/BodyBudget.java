package dev.sluice.gateway;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory that request bodies may take, over all connections: reserved when a request's headers
 * are read, before a byte of its body is. Thread-safe; O(1).
 */
final class BodyBudget {
  private final long limitBytes;
  private final AtomicLong reservedBytes = new AtomicLong();

  BodyBudget(long limitBytes) {
    this.limitBytes = limitBytes;
  }

  /** Takes {@code bytes}; false, and nothing taken, if they are not there. */
  boolean reserve(long bytes) {
    if (reservedBytes.addAndGet(bytes) > limitBytes) {
      reservedBytes.addAndGet(-bytes);
      return false;
    }
    return true;
  }

  /** Gives {@code bytes} back. */
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
