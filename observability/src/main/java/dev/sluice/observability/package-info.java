/** Metrics and wait reports, as observers of the engine. */
@NullMarked
package dev.sluice.observability;

import org.jspecify.annotations.NullMarked;
