/**
 * Built-in saturation detectors.
 *
 * <p>A detector is immutable; the gates that it makes are called under the core's lock, by one
 * thread at a time, and are not thread-safe. Parameters are immutable.
 */
@NullMarked
package dev.sluice.flowcontrol.plugins.detectors;

import org.jspecify.annotations.NullMarked;
