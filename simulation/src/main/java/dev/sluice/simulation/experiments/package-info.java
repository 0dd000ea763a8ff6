/** The experiment sheet: what Sluice claims of its decisions, with the figures to reach. */
@NullMarked
package dev.sluice.simulation.experiments;

import org.jspecify.annotations.NullMarked;
