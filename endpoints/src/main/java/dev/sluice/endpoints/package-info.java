/** The pool of model servers: discovery, health, scraping, and the choice of an endpoint. */
@NullMarked
package dev.sluice.endpoints;

import org.jspecify.annotations.NullMarked;
