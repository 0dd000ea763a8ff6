/** The simulated model servers, and the production pool that is told of them by scrapes. */
@NullMarked
package dev.sluice.simulation.pool;

import org.jspecify.annotations.NullMarked;
