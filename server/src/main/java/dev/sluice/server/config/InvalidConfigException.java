package dev.sluice.server.config;

import java.util.List;

/** Thrown for a configuration that has faults. The message has a line for each, with its place. */
public final class InvalidConfigException extends Exception {
  private final transient List<String> faults;

  /** Makes an exception from at least one fault. */
  public InvalidConfigException(List<String> faults) {
    super(String.join("\n", faults));
    this.faults = List.copyOf(faults);
  }

  /** Each fault as {@code file:line:column: path: what is wrong}. */
  public List<String> faults() {
    return faults;
  }
}
