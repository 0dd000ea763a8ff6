/**
 * Built-in usage limits.
 *
 * <p>Called under the core's lock, by one thread at a time; not thread-safe. Parameters are
 * immutable.
 */
@NullMarked
package dev.sluice.flowcontrol.plugins.limits;

import org.jspecify.annotations.NullMarked;
