/**
 * Reads values that people write: durations, numbers, names, records, and all faults at once.
 *
 * <p>For Sluice's own modules; not exported, and not part of the library's API.
 */
@NullMarked
package dev.sluice.flowcontrol.reading;

import org.jspecify.annotations.NullMarked;
