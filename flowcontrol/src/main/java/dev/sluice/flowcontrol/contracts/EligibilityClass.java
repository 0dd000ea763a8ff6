package dev.sluice.flowcontrol.contracts;

import dev.sluice.flowcontrol.types.Eligibility;

/**
 * All requests with the same needs. The engine makes one object per class that is in use, so
 * identity is equality. {@code index} is small and dense: a plugin keeps what it knows of a class
 * in an array. An index is used again after {@link CapacityGate#classRetired}. Immutable.
 */
public final class EligibilityClass {
  private final int index;
  private final Eligibility needs;

  /** Made by the engine, and by tests. */
  public EligibilityClass(int index, Eligibility needs) {
    this.index = index;
    this.needs = needs;
  }

  /** A number from 0, below the largest number of classes in use at once. */
  public int index() {
    return index;
  }

  /** What its requests need. */
  public Eligibility needs() {
    return needs;
  }

  @Override
  public String toString() {
    return "class " + index + " " + needs;
  }
}
