package dev.sluice.flowcontrol.reading;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Collects the faults of a set of values, so that one exception names them all. A fault is a line
 * such as {@code port: got 70000, allowed 0 to 65535}. Not thread-safe.
 */
public final class Checks {
  private final List<String> faults = new ArrayList<>();

  /** Notes a fault unless {@code holds}. */
  public Checks that(boolean holds, String name, Object given, String allowed) {
    return holds ? this : fault(name + ": got " + given + ", allowed " + allowed);
  }

  /** Notes a fault. */
  public Checks fault(String line) {
    faults.add(line);
    return this;
  }

  /** Notes a fault unless the value is above 0. */
  public Checks positive(String name, long value) {
    return that(value > 0, name, value, "> 0");
  }

  /** Notes a fault unless the value is above 0. */
  public Checks positive(String name, Duration value) {
    return that(value.compareTo(Duration.ZERO) > 0, name, value, "> 0");
  }

  /** Notes a fault if the value is negative. */
  public Checks notNegative(String name, long value) {
    return that(value >= 0, name, value, ">= 0");
  }

  /** Notes a fault unless the value is a finite number of at least 0. */
  public Checks notNegative(String name, double value) {
    return that(value >= 0 && !Double.isInfinite(value), name, value, ">= 0");
  }

  /** Notes a fault if the value is negative. */
  public Checks notNegative(String name, Duration value) {
    return that(!value.isNegative(), name, value, ">= 0");
  }

  /** Notes a fault unless the value is between two bounds, which are allowed themselves. */
  public Checks within(String name, long value, long least, long most) {
    return that(value >= least && value <= most, name, value, least + " to " + most);
  }

  /** Notes a fault unless the value is above 0 and at most 1. */
  public Checks fraction(String name, double value) {
    return that(value > 0 && value <= 1, name, value, "above 0, at most 1");
  }

  /**
   * Ends the checks.
   *
   * @throws IllegalArgumentException with a line for each fault, if there is one
   */
  public void done() {
    if (!faults.isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", faults));
    }
  }
}
