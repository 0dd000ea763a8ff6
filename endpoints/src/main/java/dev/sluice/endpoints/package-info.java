/** The pool of model servers: what is known of each, and the choice of one for a request. */
@NullMarked
package dev.sluice.endpoints;

import org.jspecify.annotations.NullMarked;
