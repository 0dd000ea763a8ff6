@NullMarked
package dev.sluice.endpoints.scraping;

import org.jspecify.annotations.NullMarked;
