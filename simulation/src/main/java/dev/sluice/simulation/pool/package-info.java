/**
 * The simulated pool: model servers, what reaches them from elsewhere, and how they are scraped.
 */
@NullMarked
package dev.sluice.simulation.pool;

import org.jspecify.annotations.NullMarked;
