package dev.sluice.observability.audit;

import java.util.List;

/**
 * The counts of an {@link Auditor} at one moment. Immutable.
 *
 * @param submitted requests that were queued, rejected, or dispatched without being queued
 * @param dispatched requests that got a permit
 * @param rejected requests that were refused before they were queued
 * @param evicted requests that left their queue without a permit
 * @param returned permits that came back, including reclaimed ones
 * @param reclaimed permits that the engine took back because they were not returned in time
 * @param waiting requests that were queued and have no outcome yet
 * @param running permits that have not come back yet
 * @param mostWaiting the largest number of requests that waited at once
 * @param mostWaitingBytes the largest number of bytes that waiting requests held
 * @param priorityInversions dispatches that overtook a waiting request of higher priority with the
 *     same needs, although its tenant could run more
 * @param reservedTurns dispatches of a reserved turn, which do not count as inversions
 * @param lateDispatches dispatches at or after the request's own deadline
 * @param vainDisplacements requests that gave way although neither a more important request nor one
 *     of a tenant or flow that has less of the queue for its weight was queued in their place
 * @param contradictions events that contradict earlier events, such as a second outcome
 * @param unread events that cannot be checked yet because an earlier event has not arrived
 * @param findings the first findings, at most 20, one sentence each
 */
public record AuditReport(
    long submitted,
    long dispatched,
    long rejected,
    long evicted,
    long returned,
    long reclaimed,
    long waiting,
    long running,
    long mostWaiting,
    long mostWaitingBytes,
    long priorityInversions,
    long reservedTurns,
    long lateDispatches,
    long vainDisplacements,
    long contradictions,
    long unread,
    List<String> findings) {

  /** Copies {@code findings}. */
  public AuditReport {
    findings = List.copyOf(findings);
  }

  /**
   * Whether every request and permit is accounted for: each request waits or has one outcome, and
   * each permit is out or has come back.
   */
  public boolean isConserved() {
    return submitted == dispatched + rejected + evicted + waiting
        && dispatched == returned + running
        && contradictions == 0
        && unread == 0;
  }

  /** Whether the auditor has found nothing wrong. */
  public boolean isClean() {
    return isConserved()
        && priorityInversions == 0
        && lateDispatches == 0
        && vainDisplacements == 0;
  }
}
