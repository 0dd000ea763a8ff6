package dev.sluice.flowcontrol.registry;

import dev.sluice.flowcontrol.contracts.EligibilityClass;

/** A band's record of one eligibility class. Guarded by the core's lock. */
public final class ClassSlot {
  private final EligibilityClass eligibilityClass;
  private int activeQueues;
  private boolean skipped;

  ClassSlot(EligibilityClass eligibilityClass) {
    this.eligibilityClass = eligibilityClass;
  }

  /** The class. */
  public EligibilityClass eligibilityClass() {
    return eligibilityClass;
  }

  /** Number of tenants whose queue of the class may be served. */
  public int activeQueues() {
    return activeQueues;
  }

  /** Whether the band served another class while this one had no room. */
  public boolean isSkipped() {
    return skipped;
  }

  /**
   * Notes that the band served another class while this one had no room, or that the policy has
   * been told of it.
   */
  public void setSkipped(boolean now) {
    skipped = now;
  }

  void addActiveQueues(int delta) {
    activeQueues += delta;
  }
}
