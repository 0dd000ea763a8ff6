/** Tests of the package of this name. */
@NullMarked
package dev.sluice.endpoints.metrics;

import org.jspecify.annotations.NullMarked;
