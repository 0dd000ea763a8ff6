package dev.sluice.simulation.workload;

import java.io.IOException;

/** A trace or description that can't be understood; the message names file, place and fault. */
public final class InvalidWorkloadException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Makes an exception whose message names the fault, its place and the expected value. */
  public InvalidWorkloadException(String message) {
    super(message);
  }

  /** A fault in a line of a file. */
  static InvalidWorkloadException inLine(String file, long line, String what) {
    return new InvalidWorkloadException(file + ":" + line + ": " + what);
  }
}
