/** An audit of the engine by the events that it tells its observers. */
@NullMarked
package dev.sluice.observability.audit;

import org.jspecify.annotations.NullMarked;
