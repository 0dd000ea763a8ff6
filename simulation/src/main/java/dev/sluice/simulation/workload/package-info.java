/** Workloads: generated requests, recorded traces, and the log from which a trace is replayed. */
@NullMarked
package dev.sluice.simulation.workload;

import org.jspecify.annotations.NullMarked;
