/**
 * Built-in policies that choose the request that gives way.
 *
 * <p>Called under the core's lock, by one thread at a time; not thread-safe. Parameters are
 * immutable.
 */
@NullMarked
package dev.sluice.flowcontrol.plugins.displacement;

import org.jspecify.annotations.NullMarked;
