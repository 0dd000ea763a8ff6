/**
 * Built-in policies that order the requests of a flow.
 *
 * <p>Called under the core's lock, by one thread at a time; not thread-safe. Parameters are
 * immutable.
 */
@NullMarked
package dev.sluice.flowcontrol.plugins.ordering;

import org.jspecify.annotations.NullMarked;
