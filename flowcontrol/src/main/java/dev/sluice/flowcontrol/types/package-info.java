/**
 * The values that callers exchange with the library: requests, their flows and needs, and the
 * outcomes. They are immutable, so threads may share them; {@link
 * dev.sluice.flowcontrol.types.Permit} is thread-safe.
 */
@NullMarked
package dev.sluice.flowcontrol.types;

import org.jspecify.annotations.NullMarked;
