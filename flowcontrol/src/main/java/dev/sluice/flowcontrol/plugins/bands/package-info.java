/**
 * Built-in policies between bands.
 *
 * <p>Called under the core's lock, by one thread at a time, so not thread-safe in themselves;
 * parameters are immutable, providers stateless.
 */
@NullMarked
package dev.sluice.flowcontrol.plugins.bands;

import org.jspecify.annotations.NullMarked;
