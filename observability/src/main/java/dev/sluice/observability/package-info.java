/** Observers of the engine: Prometheus metrics, and an audit of the engine's decisions. */
@NullMarked
package dev.sluice.observability;

import org.jspecify.annotations.NullMarked;
