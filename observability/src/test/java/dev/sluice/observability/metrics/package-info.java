/** Tests of what a scrape reads. */
@NullMarked
package dev.sluice.observability.metrics;

import org.jspecify.annotations.NullMarked;
