/** Test access to the package of this name. */
@NullMarked
package dev.sluice.endpoints;

import org.jspecify.annotations.NullMarked;
