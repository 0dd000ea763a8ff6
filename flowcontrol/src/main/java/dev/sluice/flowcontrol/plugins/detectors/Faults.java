package dev.sluice.flowcontrol.plugins.detectors;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Collects what is wrong with a record of parameters, so that one exception names it all. */
final class Faults {
  private final List<String> faults = new ArrayList<>();

  void positive(String name, long value) {
    if (value <= 0) {
      faults.add(name + ": got " + value + ", allowed > 0");
    }
  }

  void notNegative(String name, double value) {
    if (!(value >= 0) || Double.isInfinite(value)) {
      faults.add(name + ": got " + value + ", allowed >= 0");
    }
  }

  void positive(String name, Duration value) {
    if (value.isNegative() || value.isZero()) {
      faults.add(name + ": got " + value + ", allowed > 0");
    }
  }

  void notNegative(String name, Duration value) {
    if (value.isNegative()) {
      faults.add(name + ": got " + value + ", allowed >= 0");
    }
  }

  void within(String name, long value, long least, long most) {
    if (value < least || value > most) {
      faults.add(name + ": got " + value + ", allowed " + least + " to " + most);
    }
  }

  void fraction(String name, double value) {
    if (!(value > 0 && value <= 1)) {
      faults.add(name + ": got " + value + ", allowed above 0, at most 1");
    }
  }

  void throwIfAny() {
    if (!faults.isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", faults));
    }
  }
}
