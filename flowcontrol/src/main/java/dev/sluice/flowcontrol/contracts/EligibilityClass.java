package dev.sluice.flowcontrol.contracts;

import dev.sluice.flowcontrol.types.Eligibility;

/**
 * All requests with the same needs. The engine makes one object for each class in use, so two
 * classes are equal only if they are the same object. Indexes are small and dense, so that a plugin
 * can keep its data about classes in an array. After {@link CapacityGate#classRetired} the index is
 * used again. Immutable.
 */
public final class EligibilityClass {
  private final int index;
  private final Eligibility needs;

  /** A class of requests. Only the engine and tests make one. */
  public EligibilityClass(int index, Eligibility needs) {
    this.index = index;
    this.needs = needs;
  }

  /** A number from 0; always below the largest number of classes that were in use at once. */
  public int index() {
    return index;
  }

  /** The needs that all requests of the class share. */
  public Eligibility needs() {
    return needs;
  }

  @Override
  public String toString() {
    return "class " + index + " " + needs;
  }
}
