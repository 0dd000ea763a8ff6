/** The reader of an endpoint's metrics page: exposition formats and the engines' metric names. */
@NullMarked
package dev.sluice.endpoints.metrics;

import org.jspecify.annotations.NullMarked;
