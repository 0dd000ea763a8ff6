/**
 * Built-in policies of who may queue.
 *
 * <p>Called under the core's lock, by one thread at a time, so not thread-safe in themselves;
 * parameters are immutable, providers stateless.
 */
@NullMarked
package dev.sluice.flowcontrol.plugins.admission;

import org.jspecify.annotations.NullMarked;
