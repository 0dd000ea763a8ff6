/**
 * Built-in policies of who gives way.
 *
 * <p>Called under the core's lock, by one thread at a time, so not thread-safe in themselves;
 * parameters are immutable, providers stateless.
 */
@NullMarked
package dev.sluice.flowcontrol.plugins.displacement;

import org.jspecify.annotations.NullMarked;
