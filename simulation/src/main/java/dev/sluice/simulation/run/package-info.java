/** One simulation: virtual time, the way of each request, and the measurements. */
@NullMarked
package dev.sluice.simulation.run;

import org.jspecify.annotations.NullMarked;
