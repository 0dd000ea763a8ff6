package dev.sluice.observability.audit;

import java.util.List;

/**
 * What an {@link Auditor} has counted so far. Immutable.
 *
 * @param submitted requests that were queued, rejected, or dispatched without being queued
 * @param dispatched requests that got a permit
 * @param rejected requests that were refused before they were queued
 * @param evicted requests that left their queue without a permit
 * @param returned permits that came back, reclaimed ones included
 * @param reclaimed permits that were taken back because nobody returned them
 * @param waiting requests that were queued and have no outcome yet
 * @param running permits that are out
 * @param mostWaiting the most requests that ever waited at once
 * @param mostWaitingBytes the most bytes that waiting requests ever held
 * @param priorityInversions dispatches of a request while one of a higher priority and with the
 *     same needs waited and its tenant could run more
 * @param reservedTurns dispatches by right of a reservation, which are no inversions
 * @param lateDispatches dispatches at or after the request's own deadline
 * @param vainDisplacements requests that gave way and were not followed by a more important one
 *     that was queued
 * @param contradictions events that cannot follow from those before, such as a second outcome
 * @param unread events that arrived before others that they follow, and wait for them
 * @param findings the first few of everything that is wrong, one sentence each
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
   * Whether every request is accounted for: it has one outcome or waits, and so has every permit.
   */
  public boolean isConserved() {
    return submitted == dispatched + rejected + evicted + waiting
        && dispatched == returned + running
        && contradictions == 0
        && unread == 0;
  }

  /** Whether nothing is wrong. */
  public boolean isClean() {
    return isConserved()
        && priorityInversions == 0
        && lateDispatches == 0
        && vainDisplacements == 0;
  }
}
