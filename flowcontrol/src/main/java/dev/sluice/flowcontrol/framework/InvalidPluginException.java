package dev.sluice.flowcontrol.framework;

import java.util.List;

/** Thrown if a plugin cannot be made. The message has one line for each fault. Immutable. */
public final class InvalidPluginException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /** Serializable, as exceptions must be. */
  private final String[] faults;

  /** Makes an exception from at least one fault. */
  public InvalidPluginException(List<String> faults) {
    super(String.join("\n", faults));
    this.faults = faults.toArray(String[]::new);
  }

  /** The faults, one sentence each, at least one. */
  public List<String> faults() {
    return List.of(faults);
  }
}
