/** Tests of the metrics, as a scraper reads them. */
@NullMarked
package dev.sluice.observability.metrics;

import org.jspecify.annotations.NullMarked;
