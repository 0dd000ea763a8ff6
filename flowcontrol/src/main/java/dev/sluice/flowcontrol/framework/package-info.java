/**
 * The plugin SPI: queues, the four flow policies, and every other decision that can be replaced.
 */
@NullMarked
package dev.sluice.flowcontrol.framework;

import org.jspecify.annotations.NullMarked;
