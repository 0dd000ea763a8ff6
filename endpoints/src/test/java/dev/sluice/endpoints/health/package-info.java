/** Tests of the package of this name. */
@NullMarked
package dev.sluice.endpoints.health;

import org.jspecify.annotations.NullMarked;
