/**
 * Built-in policies that choose the next band.
 *
 * <p>Called under the core's lock, by one thread at a time; not thread-safe. Parameters are
 * immutable.
 */
@NullMarked
package dev.sluice.flowcontrol.plugins.bands;

import org.jspecify.annotations.NullMarked;
