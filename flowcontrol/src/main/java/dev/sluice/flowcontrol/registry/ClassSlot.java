package dev.sluice.flowcontrol.registry;

import dev.sluice.flowcontrol.contracts.EligibilityClass;

/** What a band knows of one eligibility class. Guarded by the core's lock. */
public final class ClassSlot {
  private final EligibilityClass eligibilityClass;
  private int activeQueues;
  private boolean passedOver;

  ClassSlot(EligibilityClass eligibilityClass) {
    this.eligibilityClass = eligibilityClass;
  }

  /** The class. */
  public EligibilityClass eligibilityClass() {
    return eligibilityClass;
  }

  /** Active queues of the class in the band. */
  public int activeQueues() {
    return activeQueues;
  }

  /** Whether the band served others while this class had no room. */
  public boolean isPassedOver() {
    return passedOver;
  }

  /**
   * Notes that the band served others while this class had no room, or that it has been made good.
   */
  public void passedOver(boolean now) {
    passedOver = now;
  }

  void activeQueues(int queues) {
    activeQueues = queues;
  }
}
