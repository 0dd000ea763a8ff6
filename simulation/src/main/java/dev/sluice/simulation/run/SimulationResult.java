package dev.sluice.simulation.run;

import java.util.SortedMap;

/**
 * The measurements of a simulation. Immutable.
 *
 * @param simulatedSeconds the time that counted
 * @param all all requests
 * @param tenants the requests of each tenant
 * @param bands the requests of each priority
 * @param jain Jain's index of the tenants' cost per weight; 1 if all got the same
 * @param utilization busy slot-time divided by all slot-time
 * @param idleWhileQueued slot-time that was free while a request waited in the engine's queue,
 *     divided by all slot-time
 * @param mostWaitingInServer the longest queue of a server
 * @param meanWaitingInServer the length of a server's queue, on average over time and servers
 * @param serverWaitP99 the 99th percentile of the wait in a server's own queue, in milliseconds
 * @param preemptions preemptions of all servers
 * @param inversions dispatches of a request while an eligible one of a higher band waited
 * @param reservedTurns dispatches by right of a reservation
 * @param lateDispatches dispatches at or after a request's own deadline
 * @param open requests that had no end when the simulation ended
 * @param decisionHash a hash of all decisions in their order; equal for equal runs
 * @param series the course over time
 */
public record SimulationResult(
    double simulatedSeconds,
    GroupResult all,
    SortedMap<String, GroupResult> tenants,
    SortedMap<Integer, GroupResult> bands,
    double jain,
    double utilization,
    double idleWhileQueued,
    int mostWaitingInServer,
    double meanWaitingInServer,
    double serverWaitP99,
    long preemptions,
    long inversions,
    long reservedTurns,
    long lateDispatches,
    long open,
    long decisionHash,
    Series series) {}
