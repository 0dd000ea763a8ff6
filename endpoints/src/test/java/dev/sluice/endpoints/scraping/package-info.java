/** Tests of the package of this name. */
@NullMarked
package dev.sluice.endpoints.scraping;

import org.jspecify.annotations.NullMarked;
