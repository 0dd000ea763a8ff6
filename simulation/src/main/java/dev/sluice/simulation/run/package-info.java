/** One simulation: virtual time, the engine that serves production, and what it measured. */
@NullMarked
package dev.sluice.simulation.run;

import org.jspecify.annotations.NullMarked;
