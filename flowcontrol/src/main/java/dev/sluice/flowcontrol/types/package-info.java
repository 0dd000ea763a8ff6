/**
 * Values that cross the library's border: who asks, for what, and what became of it. No behaviour.
 */
@NullMarked
package dev.sluice.flowcontrol.types;

import org.jspecify.annotations.NullMarked;
