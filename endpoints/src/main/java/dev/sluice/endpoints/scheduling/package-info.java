/** The choice of an endpoint among those with room. */
@NullMarked
package dev.sluice.endpoints.scheduling;

import org.jspecify.annotations.NullMarked;
