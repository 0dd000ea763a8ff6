/** The health of an endpoint, from the checks that it passed and failed. */
@NullMarked
package dev.sluice.endpoints.health;

import org.jspecify.annotations.NullMarked;
