package dev.sluice.flowcontrol.plugins.detectors;

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

  void add(String fault) {
    faults.add(fault);
  }

  void throwIfAny() {
    if (!faults.isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", faults));
    }
  }
}
