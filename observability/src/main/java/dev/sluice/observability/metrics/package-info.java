/** The engine's decisions as Prometheus metrics, under upstream's names. */
@NullMarked
package dev.sluice.observability.metrics;

import org.jspecify.annotations.NullMarked;
