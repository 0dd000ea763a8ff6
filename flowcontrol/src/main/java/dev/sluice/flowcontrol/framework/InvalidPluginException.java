package dev.sluice.flowcontrol.framework;

import java.util.List;

/** A plugin cannot be made as asked. The message has one line for each fault. Immutable. */
public final class InvalidPluginException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /** Serializable, as exceptions must be. */
  private final String[] faults;

  /** For these faults, at least one. */
  public InvalidPluginException(List<String> faults) {
    super(String.join("\n", faults));
    this.faults = faults.toArray(String[]::new);
  }

  /** What is wrong, one sentence each, at least one. */
  public List<String> faults() {
    return List.of(faults);
  }
}
