package dev.sluice.flowcontrol.contracts;

/**
 * The engine's clock. Readings are nanoseconds from an arbitrary origin and are compared by
 * subtraction only. Thread-safe.
 */
public interface TimeSource {

  /** The current time, in nanoseconds; never decreases. */
  long nanoTime();

  /**
   * Makes an alarm that runs {@code onFire} at, or shortly after, the time that it is set to. The
   * time source chooses the thread; {@code onFire} never runs inside {@link Alarm#set}.
   */
  Alarm newAlarm(Runnable onFire);

  /** One resettable wake-up. Thread-safe. */
  interface Alarm extends AutoCloseable {

    /** Replaces the time at which the alarm fires. If that time has passed, it fires at once. */
    void set(long nanoTime);

    /** Ends the alarm for good. If it is firing at the moment, that call may still finish. */
    @Override
    void close();
  }
}
