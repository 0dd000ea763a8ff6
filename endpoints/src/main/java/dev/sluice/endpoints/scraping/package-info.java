/** Asking the endpoints, periodically, for metrics, health and models. */
@NullMarked
package dev.sluice.endpoints.scraping;

import org.jspecify.annotations.NullMarked;
