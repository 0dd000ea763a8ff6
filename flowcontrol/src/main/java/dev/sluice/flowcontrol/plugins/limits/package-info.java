/**
 * Built-in usage limits.
 *
 * <p>Called under the core's lock, by one thread at a time, so not thread-safe in themselves;
 * parameters are immutable, providers stateless.
 */
@NullMarked
package dev.sluice.flowcontrol.plugins.limits;

import org.jspecify.annotations.NullMarked;
