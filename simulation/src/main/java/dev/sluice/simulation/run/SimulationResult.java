package dev.sluice.simulation.run;

import java.util.SortedMap;

/**
 * What a simulation measured. Immutable.
 *
 * @param simulatedSeconds the time that counted
 * @param all every request
 * @param tenants by tenant
 * @param bands by priority
 * @param jain Jain's index of the tenants' cost per weight, 1 where all got the same
 * @param utilization the part of the slots' time in which they ran something
 * @param idleWhileQueued the part of the slots' time in which they were free and a request waited
 *     in the engine's queue
 * @param mostWaitingInServer the longest queue that a server of its own had
 * @param serverWaitP99 what requests waited in the servers' own queues, in milliseconds
 * @param preemptions of all servers
 * @param inversions dispatches of a request while an eligible one of a higher band waited
 * @param reservedTurns dispatches by right of a reservation
 * @param lateDispatches dispatches at or after a request's own deadline
 * @param open requests that had no end when the simulation ended
 * @param decisionHash of all decisions in their order: equal for equal runs
 * @param series how it went over time
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
    double serverWaitP99,
    long preemptions,
    long inversions,
    long reservedTurns,
    long lateDispatches,
    long open,
    long decisionHash,
    Series series) {}
