/** The choice of one endpoint among the candidates that have room. */
@NullMarked
package dev.sluice.endpoints.scheduling;

import org.jspecify.annotations.NullMarked;
