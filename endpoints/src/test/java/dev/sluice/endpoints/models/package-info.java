/** Tests of the package of this name. */
@NullMarked
package dev.sluice.endpoints.models;

import org.jspecify.annotations.NullMarked;
