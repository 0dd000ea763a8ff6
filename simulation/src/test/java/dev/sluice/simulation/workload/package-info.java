/** Tests. */
@NullMarked
package dev.sluice.simulation.workload;

import org.jspecify.annotations.NullMarked;
