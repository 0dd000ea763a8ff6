/**
 * The pure decision core: a deterministic state machine without threads, locks, clocks, loggers or
 * I/O. Operations go in, effects come out. Not exported; one thread at a time.
 */
@NullMarked
package dev.sluice.flowcontrol.engine;

import org.jspecify.annotations.NullMarked;
