/**
 * Ports: what the engine needs from outside (time, the pool's state, capacity) and how others watch
 * it.
 */
@NullMarked
package dev.sluice.flowcontrol.contracts;

import org.jspecify.annotations.NullMarked;
