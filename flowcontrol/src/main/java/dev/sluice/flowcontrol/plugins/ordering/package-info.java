/**
 * Built-in policies of the order inside a flow.
 *
 * <p>Called under the core's lock, by one thread at a time, so not thread-safe in themselves;
 * parameters are immutable, providers stateless.
 */
@NullMarked
package dev.sluice.flowcontrol.plugins.ordering;

import org.jspecify.annotations.NullMarked;
