/** What an endpoint's metrics page says: the exposition formats and the engines' metric names. */
@NullMarked
package dev.sluice.endpoints.metrics;

import org.jspecify.annotations.NullMarked;
