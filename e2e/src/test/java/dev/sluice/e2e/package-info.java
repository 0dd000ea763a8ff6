/** End-to-end tests with real clients, each in its own process or library, unmodified. */
@NullMarked
package dev.sluice.e2e;

import org.jspecify.annotations.NullMarked;
