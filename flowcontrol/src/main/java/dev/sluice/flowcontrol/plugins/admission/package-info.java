/**
 * Built-in policies that decide whether a flow may queue one more request.
 *
 * <p>Called under the core's lock, by one thread at a time; not thread-safe. Parameters are
 * immutable.
 */
@NullMarked
package dev.sluice.flowcontrol.plugins.admission;

import org.jspecify.annotations.NullMarked;
