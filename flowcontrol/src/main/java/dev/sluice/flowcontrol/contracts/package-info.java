/**
 * Ports: what the engine needs from outside (time, the pool's state, capacity) and how others watch
 * it. What goes in and comes out as a value is immutable; the gate runs under the core's lock,
 * clocks and observers outside it, so theirs are the implementations that must be thread-safe.
 */
@NullMarked
package dev.sluice.flowcontrol.contracts;

import org.jspecify.annotations.NullMarked;
