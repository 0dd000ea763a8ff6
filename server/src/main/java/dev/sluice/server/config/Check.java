package dev.sluice.server.config;

import java.util.ArrayList;
import java.util.List;

/** Collects what is wrong with a section's values, to report all of it at once. Not thread-safe. */
final class Check {
  private final List<String> faults = new ArrayList<>();

  /** Notes a fault unless {@code holds}; {@code name} is the component's. */
  Check that(boolean holds, String name, Object given, String allowed) {
    if (!holds) {
      faults.add(name + ": got " + given + ", allowed " + allowed);
    }
    return this;
  }

  /** Throws {@link IllegalArgumentException} with a line for each fault, if there is one. */
  void done() {
    if (!faults.isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", faults));
    }
  }
}
