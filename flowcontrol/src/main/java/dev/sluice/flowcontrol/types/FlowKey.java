package dev.sluice.flowcontrol.types;

/**
 * The identity of a flow: one tenant or workload at one priority. Larger priority is more
 * important; negative is sheddable. Keys order by priority, most important first, then by id.
 * Immutable.
 *
 * @param id the flow's name, not blank
 * @param priority any int
 */
public record FlowKey(String id, int priority) implements Comparable<FlowKey> {

  /** Rejects a blank id with {@link IllegalArgumentException}. */
  public FlowKey {
    if (id.isBlank()) {
      throw new IllegalArgumentException("flow id is blank");
    }
  }

  /** Whether the priority is negative: under overload, requests of such flows are dropped first. */
  public boolean isSheddable() {
    return priority < 0;
  }

  @Override
  public int compareTo(FlowKey other) {
    var byPriority = Integer.compare(other.priority, priority);
    return byPriority != 0 ? byPriority : id.compareTo(other.id);
  }

  @Override
  public int hashCode() {
    return 31 * id.hashCode() + priority;
  }

  @Override
  public String toString() {
    return id + ":" + priority;
  }
}
