/** An audit of the engine by what it tells its observers. */
@NullMarked
package dev.sluice.observability.audit;

import org.jspecify.annotations.NullMarked;
