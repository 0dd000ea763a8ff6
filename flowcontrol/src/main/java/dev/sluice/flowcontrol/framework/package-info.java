/**
 * The plugin SPI: queues, the four flow policies, and the other decisions that can be replaced.
 *
 * <p>Plugins are called under the core's lock, by one thread at a time: they need no
 * synchronisation, and must not block. If a plugin throws, the engine catches, counts and names the
 * exception, and goes on without the answer. A view that is passed to a plugin is valid only during
 * the call.
 */
@NullMarked
package dev.sluice.flowcontrol.framework;

import org.jspecify.annotations.NullMarked;
