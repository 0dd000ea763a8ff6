/**
 * Built-in policies that choose the next tenant of a band, and the next flow of a tenant.
 *
 * <p>Called under the core's lock, by one thread at a time; not thread-safe. Parameters are
 * immutable.
 */
@NullMarked
package dev.sluice.flowcontrol.plugins.fairness;

import org.jspecify.annotations.NullMarked;
