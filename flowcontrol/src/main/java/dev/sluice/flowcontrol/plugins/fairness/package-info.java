/**
 * Built-in policies between the flows of a band.
 *
 * <p>Called under the core's lock, by one thread at a time, so not thread-safe in themselves;
 * parameters are immutable, providers stateless.
 */
@NullMarked
package dev.sluice.flowcontrol.plugins.fairness;

import org.jspecify.annotations.NullMarked;
