/**
 * Values that cross the library's border: who asks, for what, and what became of it. No behaviour.
 * All are immutable, so any thread may have them; {@link dev.sluice.flowcontrol.types.Permit} is
 * thread-safe.
 */
@NullMarked
package dev.sluice.flowcontrol.types;

import org.jspecify.annotations.NullMarked;
