/** Tests of the package of this name. */
@NullMarked
package dev.sluice.endpoints.scheduling;

import org.jspecify.annotations.NullMarked;
