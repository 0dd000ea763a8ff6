/** Tests of the package of this name. */
@NullMarked
package dev.sluice.endpoints;

import org.jspecify.annotations.NullMarked;
