/** Reports that compare simulations side by side: as text, as JSON, and as one page of HTML. */
@NullMarked
package dev.sluice.simulation.report;

import org.jspecify.annotations.NullMarked;
