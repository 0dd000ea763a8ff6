/**
 * The plugin SPI: queues, the four flow policies, and every other decision that can be replaced.
 *
 * <p>Plugins are called under the core's lock, by one thread at a time: they need no
 * synchronisation, and must not block. What they throw is caught, counted and named, and the engine
 * goes on without their answer. Views that are handed to them hold only during the call.
 */
@NullMarked
package dev.sluice.flowcontrol.framework;

import org.jspecify.annotations.NullMarked;
