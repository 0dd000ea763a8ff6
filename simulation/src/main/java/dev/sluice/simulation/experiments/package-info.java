/** The experiment sheet: Sluice's claims about its decisions, with the figures to reach. */
@NullMarked
package dev.sluice.simulation.experiments;

import org.jspecify.annotations.NullMarked;
