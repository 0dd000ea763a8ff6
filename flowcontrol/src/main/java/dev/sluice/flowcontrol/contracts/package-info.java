/**
 * The engine's ports: time, the pool's state and its capacity come in, events and views go out.
 * Values that cross a port are immutable. A {@link dev.sluice.flowcontrol.contracts.CapacityGate}
 * runs under the core's lock and needs no synchronisation. Clocks and observers are called outside
 * the lock, so their implementations must be thread-safe.
 */
@NullMarked
package dev.sluice.flowcontrol.contracts;

import org.jspecify.annotations.NullMarked;
