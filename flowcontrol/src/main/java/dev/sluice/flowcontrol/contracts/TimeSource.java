package dev.sluice.flowcontrol.contracts;

/**
 * The engine's clock. Readings are nanoseconds from an arbitrary origin and are compared by
 * subtraction only. Thread-safe.
 */
public interface TimeSource {

  /** The present reading, in nanoseconds; never decreases. */
  long nanoTime();

  /**
   * Makes an alarm that runs {@code onFire} at or shortly after the time it is set to, on a thread
   * of the time source's choice, never within {@link Alarm#set}.
   */
  Alarm newAlarm(Runnable onFire);

  /** One resettable wake-up. Thread-safe. */
  interface Alarm extends AutoCloseable {

    /** Replaces the time at which it fires; a time in the past fires at once. */
    void set(long nanoTime);

    /** Ends it for good; a firing that is under way may still finish. */
    @Override
    void close();
  }
}
