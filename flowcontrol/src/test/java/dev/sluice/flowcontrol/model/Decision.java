package dev.sluice.flowcontrol.model;

/**
 * One decision, in the same words for the engine and the model.
 *
 * @param reason the outcome's reason; for a dispatch {@code queued} or {@code at once}
 */
record Decision(Kind kind, int number, String reason) {

  /** The kind of a decision. */
  enum Kind {
    QUEUED,
    DISPATCHED,
    REJECTED,
    EVICTED,
    RETURNED
  }

  @Override
  public String toString() {
    return kind + " " + number + (reason.isEmpty() ? "" : " " + reason);
  }
}
