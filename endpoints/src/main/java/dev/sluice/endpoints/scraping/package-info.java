/** The periodic reading of the endpoints' metrics, health and models. */
@NullMarked
package dev.sluice.endpoints.scraping;

import org.jspecify.annotations.NullMarked;
