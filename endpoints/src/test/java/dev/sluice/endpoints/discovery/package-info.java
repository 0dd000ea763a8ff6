/** Tests of the package of this name. */
@NullMarked
package dev.sluice.endpoints.discovery;

import org.jspecify.annotations.NullMarked;
